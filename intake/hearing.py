"""Where and when, read from one message: the city's own names, in the wording that was said. Pure."""

from __future__ import annotations

from intake.form import Place
from language.places import Said, find_places, was_corrected
from language.times import find_times
from units.gazetteer import Gazetteer
from units.location import Located, locate


def read_times(text: str) -> list[Said]:
    """The times of the matter, as said; the number of a house is no date."""
    return find_times(text, [(said.start, said.end) for said in read_places(text)])


def read_places(text: str) -> list[Said]:
    """The places of the matter, as said; the time before a name is no part of it."""
    times = find_times(text)
    # 18号 alone may be a date or a house; beside a name of a road it is a house.
    return find_places(text, [(t.start, t.end) for t in times if t.text[-1] not in "号日"])


def named_places(gazetteer: Gazetteer, text: str) -> list[str]:
    """Every place of the matter in its longest wording, those only the city knows included."""
    said = [place.text for place in read_places(text)]
    located = _known(gazetteer, text)
    if located is not None and not any(located.text in s or s in located.text for s in said):
        said.insert(0, located.text)
    return said


def places_of(gazetteer: Gazetteer, text: str) -> list[Place]:
    """The place of the matter, or the places that a question must tell apart."""
    said = [place.text for place in read_places(text)]
    located = _known(gazetteer, text)
    if located is None:
        return [Place(text=said[0])] if said else []
    wording = next((s for s in said if located.text in s), located.text)
    if located.question is None:
        first = located.candidates[0]
        return [
            Place(
                text=wording,
                code=first.code,
                street=located.street,
                district=located.district,
                label=located.label,
            )
        ]
    return [
        Place(text=wording, code=c.code, street=c.street, district=c.district, label=c.label)
        for c in located.candidates
    ]


def _known(gazetteer: Gazetteer, text: str) -> Located | None:
    """The place of the matter that the city knows; what was taken back is none."""
    if was_corrected(text):
        named = (locate(gazetteer, said.text) for said in read_places(text))
        found = next((located for located in named if _has_code(located)), None)
    else:
        found = locate(gazetteer, text)
    return found if _has_code(found) else None


def _has_code(located: Located | None) -> bool:
    return located is not None and any(c.code or c.street for c in located.candidates)
