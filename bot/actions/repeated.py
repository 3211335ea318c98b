"""The citizen tells a matter again that was filed already: hurry it or add to it, or file anew.

66号(五): 重复诉求原则上并单. Only what was filed in this very conversation, or proved by number and
query code in it, is spoken of: a telephone number can be anybody's.
"""

from __future__ import annotations

import re

from bot.actions.talk import Replies, Talk
from cases.likeness import Matter as Told
from cases.models import Case
from cases.numbers import tidy_number
from cases.repository import CaseRepository
from cases.service import reopen, supplement, urge
from cases.similar import Same, find_same
from cases.states import UNANSWERED, MainState
from cases.vocabulary import Outcome
from core.database import now
from core.errors import HotlineError
from core.replies import Reply, say
from intake import form
from intake.service import read, write

AWAITING = "same"
_NEW = re.compile(r"不是|另一|另外|别的|不同|不一样|新的|重新登记|另行|两件|两码")
_URGE = re.compile(r"催|快点|尽快|加急|什么时候")
_YES = re.compile(r"^(?:对|是|嗯|好|行|可以|补充|加上|加进去|就是|同一|一样|没错)")


async def offer(talk: Talk, matter: form.Matter) -> Reply | None:
    """What to ask instead of filing ``matter``; None when it is new, or was said to be."""
    if talk.draft is None or talk.context.get("distinct") == str(talk.draft.id):
        return None
    same = await _same(talk, matter)
    if same is None:
        return None
    matter.awaiting = AWAITING
    write(talk.draft, matter)
    return _question(same)


def wish(text: str) -> str:
    """What the citizen's own words choose: ``urge``, ``more``, ``new``; empty when unclear."""
    if _NEW.search(text):
        return "new"
    if _URGE.search(text):
        return "urge"
    return "more" if _YES.match(text) else ""


async def choose(talk: Talk, wish: str) -> Replies | None:
    """Hurry the earlier case (``urge``), add to it (``more``) or have it done again (``again``).

    None when the matter is to be filed after all: the citizen says it is another one (``new``),
    or the earlier case is gone meanwhile.
    """
    assert talk.draft is not None, "the choice is about an open draft"
    matter = read(talk.draft)
    same = await _same(talk, matter) if wish in ("urge", "more", "again") else None
    if same is None:
        matter.awaiting = "confirm"
        write(talk.draft, matter)
        talk.remember(distinct=str(talk.draft.id))
        return None
    key = f"turn:{talk.turn_id}"
    number = same.number
    try:
        if wish == "again":
            await reopen(talk.session, same.case_id, key, matter.detail, now())
            said = f"工单 {number} 已要求重新办理，承办单位会再次答复您。"
        elif wish == "urge":
            await urge(talk.session, same.case_id, key, now())
            said = f"已催办工单 {number}，承办单位会看到。没有另立工单。"
        else:
            await supplement(talk.session, same.case_id, key, matter.detail, now())
            said = f"已补充到工单 {number}，承办单位会看到。没有另立工单。"
    except HotlineError as refused:
        return [say(refused.message, ("另行登记", "intake:same:new"), ("查进度", "case:progress"))]
    talk.draft.state, talk.draft.case_id, talk.draft.changed_at = "dropped", same.case_id, now()
    await talk.settle(Outcome.TRANSFERRED, type=matter.type, category=matter.category)
    talk.remember(case=number, awaiting=None, failures=None, distinct=None)
    return [say(said, ("查进度", "case:progress"), ("反映别的问题", "menu:case"))]


async def _same(talk: Talk, matter: form.Matter) -> Same | None:
    place = matter.place or form.Place(text=form.UNKNOWN)
    told = Told(
        category=matter.category,
        text=f"{form.title(matter)}。{matter.detail}",
        place_text=place.text,
        place_code=place.code,
        street=place.street,
        district=place.district,
    )
    proved = await _proved(talk)
    same = await find_same(
        talk.session,
        told,
        now(),
        conversation_id=talk.conversation.id,
        proved=[proved.id] if proved else [],
        secret=form.is_confidential(matter),
    )
    # Who stays anonymous this time is not led to a case that carries the name.
    nameless = matter.anonymous or not matter.phone
    return None if same is not None and nameless and not same.anonymous else same


async def _proved(talk: Talk) -> Case | None:
    number = tidy_number(str(talk.context.get("case") or ""))
    return await CaseRepository(talk.session, None).by_number(number) if number else None


def _question(same: Same) -> Reply:
    told = f"您反映过很相近的事：工单 {same.number}“{same.title}”。"
    if same.state in UNANSWERED | {MainState.MERGED}:
        return say(
            f"{told}它正在办理。如果是同一件事，可以催办，或把刚才说的补充进去；"
            "不是同一件事，就另行登记。",
            ("催办", "intake:same:urge"),
            ("补充进去", "intake:same:more"),
            ("不是同一件事，另行登记", "intake:same:new"),
        )
    return say(
        f"{told}它已经答复过。如果没有解决，可以要求重新办理；不是同一件事，就另行登记。",
        ("没解决，重新办理", "intake:same:again"),
        ("不是同一件事，另行登记", "intake:same:new"),
    )
