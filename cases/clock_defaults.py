"""The time limits that hold unless the city says otherwise in ``city/clocks.yml``.

Source: domain default rule set 2.2, every number a default of ours ([D] there) because national
caps were not found. A city replaces one by giving its own under the same code.
"""

from __future__ import annotations

from collections.abc import Iterable

from cases.clocks import Measure, Rule
from cases.vocabulary import CLOCK_NAMES, CaseType, ClockKind, Urgency

_DAYS_BY_TYPE = {
    CaseType.CONSULTATION: 3,
    CaseType.HELP: 5,
    CaseType.COMPLAINT: 5,
    CaseType.REPORT: 5,
    CaseType.SUGGESTION: 5,
    CaseType.PRAISE: 5,
    CaseType.OTHER: 5,
}


def _days(
    code: str,
    kind: ClockKind,
    amount: int,
    *,
    type: CaseType | None = None,
    complex: bool | None = None,
) -> Rule:
    """Working days: warned of one day before the end, of a single day at noon of the last one."""
    return Rule(
        code=code,
        kind=kind,
        name=CLOCK_NAMES[kind],
        amount=amount,
        measure=Measure.WORKING_DAYS,
        yellow=1 if amount > 1 else 0.5,
        escalate=1,
        type=type,
        complex=complex,
    )


def _fast(
    code: str,
    kind: ClockKind,
    amount: float,
    measure: Measure,
    *,
    urgency: Urgency | None = None,
    around_the_clock: bool | None = None,
) -> Rule:
    """Day and night: warned of when a quarter is left; climbs when as much again has gone by."""
    return Rule(
        code=code,
        kind=kind,
        name=CLOCK_NAMES[kind],
        amount=amount,
        measure=measure,
        yellow=0.25,
        escalate=amount,
        urgency=urgency,
        around_the_clock=around_the_clock,
    )


def _return(code: str, amount: int, *, complex: bool | None = None) -> Rule:
    """Not a duty but the time in which a unit may hand back: it just runs out."""
    kind, days = ClockKind.RETURN, Measure.WORKING_DAYS
    return Rule(code, kind, CLOCK_NAMES[kind], amount, days, yellow=0, complex=complex)


_K, _M, _H = ClockKind, Measure.MINUTES, Measure.HOURS
_URGENT, _CRITICAL = Urgency.URGENT, Urgency.CRITICAL
DEFAULT_RULES: tuple[Rule, ...] = (
    _fast("dispatch", _K.DISPATCH, 30, _M),
    _fast("dispatch.critical", _K.DISPATCH, 15, _M, urgency=_CRITICAL),
    _days("sign", _K.SIGN, 1),
    _fast("sign.urgent", _K.SIGN, 30, _M, urgency=_URGENT),
    _fast("sign.critical", _K.SIGN, 15, _M, urgency=_CRITICAL),
    _days("contact", _K.CONTACT, 1),
    _fast("contact.urgent", _K.CONTACT, 2, _H, urgency=_URGENT),
    _fast("contact.critical", _K.CONTACT, 2, _H, urgency=_CRITICAL),
    _return("return", 1),
    _return("return.complex", 2, complex=True),
    *(_days(f"handle.{type}", _K.HANDLE, days, type=type) for type, days in _DAYS_BY_TYPE.items()),
    _days("handle.complex", _K.HANDLE, 15, complex=True),
    _fast("handle.supply", _K.HANDLE, 24, _H, around_the_clock=True),
    _fast("handle.urgent", _K.HANDLE, 2, _H, urgency=_URGENT),
    _fast("handle.critical", _K.HANDLE, 2, _H, urgency=_CRITICAL),
    _days("rework", _K.REWORK, 5),
    _fast("rework.supply", _K.REWORK, 24, _H, around_the_clock=True),
    _fast("rework.urgent", _K.REWORK, 2, _H, urgency=_URGENT),
    _fast("rework.critical", _K.REWORK, 2, _H, urgency=_CRITICAL),
    _days("check", _K.CHECK, 1),
    _days("callback", _K.CALLBACK, 1),
    _days("consultation", _K.CONSULTATION, 1),
    _days("approval", _K.APPROVAL, 1),
    # Of a bad review: 5 working days to put it right as in 德州 (2020); the other three [D].
    _days("rectify.verify", _K.RECTIFY_VERIFY, 1),
    _days("rectify", _K.RECTIFY, 5),
    _days("rectify.decision", _K.RECTIFY_DECISION, 2),
    _days("rectify.callback", _K.RECTIFY_CALLBACK, 1),
)


def with_own(own: Iterable[Rule]) -> list[Rule]:
    """The default rules, those with the code of one in ``own`` replaced, the rest of it added."""
    rules = {rule.code: rule for rule in DEFAULT_RULES}
    rules.update({rule.code: rule for rule in own})
    return list(rules.values())
