"""One happening that a citizen is told, and what a message asks to rate. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cases.models import Case
from core.replies import Reply
from notices.doors import Person
from notices.models import Delivery
from notices.vocabulary import Kind


class Asked(StrEnum):
    """What can be rated by the digit that answers a message."""

    CASE = "case"
    RECORD = "record"
    # How a bad review was put right (二评).
    SECOND = "second"


@dataclass(frozen=True)
class Question:
    """What is asked to be rated; ``id`` is that of the case, service record or rectification."""

    kind: Asked
    id: int

    @property
    def word(self) -> str:
        """As `Delivery.about` keeps it; ``record:12``."""
        return f"{self.kind}:{self.id}"


def question_of(one: Delivery) -> Question | None:
    """What a delivery is about, as far as that can be rated."""
    if one.about:
        kind, _, id = one.about.partition(":")
        return Question(Asked(kind), int(id))
    return Question(Asked.CASE, one.case_id) if one.case_id is not None else None


@dataclass(frozen=True)
class News:
    """One happening: what a chat shows (``line``), and what a text message says.

    It is about ``case``, or asks ``about`` something else; ``person`` is who is texted where no case
    says so. After ``until`` it is not worth telling.
    """

    key: str
    kind: Kind
    line: Reply | None
    text: str
    case: Case | None = None
    about: Question | None = None
    person: Person | None = None
    until: datetime | None = None
