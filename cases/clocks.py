"""When a case is due. Pure: a table of limits and the working-day calendar.

Source: domain default rule set, point 5 (consultation 1-3, help, complaints, reports and
suggestions 5, complex 15 working days; urgent 2 hours; water, power, gas and heat 24 hours).
National caps were not found, so every number here is a city's setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cases.vocabulary import CaseType, Urgency
from core.calendar import Due, WorkCalendar, add_hours, add_working_days

# [D] GB/T 39734 has an evaluation window, its length was not found: 5 working days after closing.
REVIEW_WINDOW_DAYS = 5


@dataclass(frozen=True)
class Limits:
    """Time limits: ``days`` in working days by type, hours on a clock that never stops."""

    days: Mapping[CaseType, int] = field(
        default_factory=lambda: {
            CaseType.CONSULTATION: 3,
            CaseType.HELP: 5,
            CaseType.COMPLAINT: 5,
            CaseType.REPORT: 5,
            CaseType.SUGGESTION: 5,
            CaseType.PRAISE: 5,
            CaseType.OTHER: 5,
        }
    )
    complex_days: int = 15
    urgent_hours: float = 2
    around_the_clock_hours: float = 24


DEFAULT_LIMITS = Limits()


def due(
    calendar: WorkCalendar,
    start: datetime,
    type: CaseType,
    urgency: Urgency = Urgency.NORMAL,
    *,
    around_the_clock: bool = False,
    complex: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Due:
    """When a case registered at ``start`` (aware) is due.

    ``around_the_clock`` marks water, power, gas and heat. Urgency goes before category, category
    before type. Provisional when a year on the way has no announced holidays.
    """
    if urgency is Urgency.URGENT:
        return add_hours(start, limits.urgent_hours)
    if around_the_clock:
        return add_hours(start, limits.around_the_clock_hours)
    days = limits.complex_days if complex else limits.days[type]
    return add_working_days(calendar, start, days)


def review_window(calendar: WorkCalendar, closed_at: datetime) -> datetime:
    """Until when a case closed at ``closed_at`` may be rated."""
    return add_working_days(calendar, closed_at, REVIEW_WINDOW_DAYS).at
