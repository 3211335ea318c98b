"""What a citizen who holds number and query code asks of the case, on a page or by a program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cases.citizen import reopen, supplement, urge, withdraw
from cases.progress import PublicCase, UnitNames, Wish, look_up, public_case
from cases.repository import CaseRepository


@dataclass(frozen=True)
class Wanted:
    """One request; ``text`` is what is added, or why. The same ``key`` again changes nothing."""

    wish: Wish
    key: str
    text: str = ""


async def carry_out(
    session: AsyncSession,
    number: str,
    code: str,
    wanted: Wanted,
    units: UnitNames,
    now: datetime,
) -> PublicCase | None:
    """Do what is wanted and show the case as it is then.

    None when number and code do not fit, as `look_up`: commit the failure, then say so. Raises
    Conflict, Gone or InvalidInput when it cannot be done.
    """
    found = await look_up(session, number, code, units, now)
    if found is None:
        return None
    case = await CaseRepository(session, None).by_number(found.number)
    assert case is not None, "it was just looked up"
    match wanted.wish:
        case Wish.URGE:
            await urge(session, case.id, wanted.key, now)
        case Wish.SUPPLEMENT:
            await supplement(session, case.id, wanted.key, wanted.text, now)
        case Wish.WITHDRAW:
            await withdraw(session, case.id, wanted.key, now, reason=wanted.text)
        case Wish.REOPEN:
            await reopen(session, case.id, wanted.key, wanted.text, now)
    return await public_case(session, case.id, units, now)
