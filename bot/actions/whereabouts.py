"""Where the citizen is, as far as an answer depends on it: from what was said, or asked once."""

from __future__ import annotations

import re

from bot.actions.talk import Talk
from core.replies import Reply, say
from kb.reply import Answer
from units.gazetteer import AREAS
from units.location import locate

AWAITING = "area"
_LITTLE = re.compile(r"[我们家住在是的就这那里边附近人户口吧啊呢,，。 ]")
# More than this beside the place is a matter of its own.
_REST = 2
_ASKED = "您住在哪个区县、哪条街道？告诉我，我就说离您最近的窗口和代办员。"


def areas_said(talk: Talk) -> list[str]:
    """Codes of the areas that the turn places the citizen in, narrowest first; empty if none."""
    gazetteer = talk.line.city.intake.gazetteer
    located = locate(gazetteer, talk.text)
    if located is None:
        return []
    codes = {candidate.code for candidate in located.candidates}
    place = codes.pop() if len(codes) == 1 else None
    start = located.street or located.district or ""
    if place and gazetteer.places[place].kind == "community":
        start = place
    return [above.code for above in gazetteer.lineage(start) if above.kind in AREAS]


def known_areas(talk: Talk) -> list[str] | None:
    """The areas remembered; empty when asked in vain, None when it may still be asked.

    While an intake is open nothing else is asked.
    """
    areas: list[str] | None = talk.context.get("areas")
    return [] if areas is None and talk.draft is not None else areas


def question_answered(talk: Talk) -> str | None:
    """The question for which it was asked where the citizen is, when the turn says just that.

    Asked or not, it is not waited for any longer.
    """
    if talk.context.get("awaiting") != AWAITING:
        return None
    question: str | None = talk.context.get("question_for_area")
    talk.remember(awaiting=None, question_for_area=None)
    if talk.value is not None or not areas_said(talk):
        return None
    rest = talk.text
    for match in talk.line.city.intake.gazetteer.find(talk.text):
        rest = rest.replace(match.text, "")
    return question if len(_LITTLE.sub("", rest)) <= _REST else None


def asks_where(talk: Talk, answer: Answer) -> Reply:
    """``answer`` with the question where the citizen lives, which is asked once a conversation."""
    talk.remember(areas=[], awaiting=AWAITING, question_for_area=talk.text)
    text = answer.text if answer.kind == "area" else f"{answer.text}\n{_ASKED}"
    return say(text, *answer.choices, card=answer.card)
