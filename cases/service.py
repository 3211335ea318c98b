"""What other rooms do to cases, in one place to import from. Nothing here commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.approvals import Request, ask, decide
from cases.citizen import reopen, supplement, urge, withdraw
from cases.closing import close_case, pass_check, reject_check, rework, supervise
from cases.desk import (
    Correction,
    Moved,
    add_assist,
    correct,
    designate,
    dispatch,
    reassign,
    reassign_many,
    recall,
)
from cases.ending import close_by_hand, rework_by_hand
from cases.grouping import add as add_to_group
from cases.grouping import group, ungroup
from cases.handling import (
    accept,
    answer,
    attach,
    contact,
    delegate,
    interim,
    redo,
    resume,
    send_back,
    sign,
)
from cases.history import record
from cases.joining import merge, merge_many, unmerge
from cases.models import Case
from cases.numbers import query_code, review_path
from cases.progress import PublicCase, look_up, public_case
from cases.registration import (
    Registered,
    Registration,
    close_contact,
    open_contact,
    phone_hash,
    register,
)
from cases.similar import find_group, find_same, similar_cases
from cases.splitting import Piece, split, unsplit
from cases.states import Action
from cases.telling import CASE_ANSWERED, CASE_PROGRESS
from cases.vocabulary import ActorKind, Audience
from core.identity import Actor

__all__ = [
    "CASE_ANSWERED",
    "CASE_PROGRESS",
    "Correction",
    "Moved",
    "Piece",
    "PublicCase",
    "Registered",
    "Registration",
    "Request",
    "accept",
    "add_assist",
    "add_to_group",
    "answer",
    "ask",
    "attach",
    "close_by_hand",
    "close_case",
    "close_contact",
    "contact",
    "correct",
    "decide",
    "delegate",
    "designate",
    "dispatch",
    "find_group",
    "find_same",
    "group",
    "interim",
    "look_up",
    "merge",
    "merge_many",
    "open_contact",
    "pass_check",
    "phone_hash",
    "public_case",
    "query_code",
    "reassign",
    "reassign_many",
    "recall",
    "record_review",
    "redo",
    "register",
    "reject_check",
    "reopen",
    "resume",
    "review_path",
    "rework",
    "rework_by_hand",
    "send_back",
    "sign",
    "similar_cases",
    "split",
    "supervise",
    "supplement",
    "take_off_review",
    "ungroup",
    "unmerge",
    "unsplit",
    "urge",
    "withdraw",
]


def record_review(session: AsyncSession, case: Case, grade: int, now: datetime) -> None:
    """Note that this round of ``case`` (locked by the caller) was rated with ``grade`` (1-5)."""
    case.rated_round = case.round
    record(
        session,
        case,
        Action.REVIEW,
        now,
        ActorKind.CITIZEN,
        before=case.state,
        audience=Audience.CITIZEN,
        data={"grade": grade, "round": case.round},
    )


def take_off_review(
    session: AsyncSession, case: Case, round: int, actor: Actor, reason: str, now: datetime
) -> None:
    """Note that the review of this round of ``case`` (locked by the caller) was of something else."""
    if case.rated_round == round:
        case.rated_round = None
    record(
        session,
        case,
        Action.UNTIE_REVIEW,
        now,
        actor,
        before=case.state,
        reason=reason,
        audience=Audience.CITIZEN,
        data={"round": round},
    )
