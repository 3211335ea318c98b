"""Limits and moments across weekends, holidays, make-up days and midnight. Times are local."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from cases.clock_defaults import DEFAULT_RULES, with_own
from cases.clocks import (
    Facts,
    Measure,
    Rule,
    best_rule,
    moments,
    nested_end,
    review_window,
    statutory_rules,
)
from cases.loading import read
from cases.models import ClockRule
from cases.timing import rule_of
from cases.vocabulary import CaseType, ClockKind, Urgency
from core.calendar import LOCAL, WorkCalendar

CITY = Path(__file__).parents[2] / "city"


def real_calendar() -> WorkCalendar:
    """The arrangement as the city's file has it."""
    days: dict[date, bool] = {}
    announced = set()
    for year, plan in yaml.safe_load((CITY / "calendar.yml").read_text("utf-8")).items():
        days |= dict.fromkeys(plan.get("holidays") or [], False)
        days |= dict.fromkeys(plan.get("workdays") or [], True)
        if plan["status"] == "announced":
            announced.add(year)
    return WorkCalendar(days, frozenset(announced))


CALENDAR = real_calendar()
T, K, U = CaseType, ClockKind, Urgency
COMPLAINT = Facts(T.COMPLAINT)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=LOCAL)


def own(code: str, **changes: object) -> Rule:
    given = {
        "kind": K.HANDLE,
        "name": "办理",
        "amount": 2,
        "measure": Measure.WORKING_DAYS,
        "yellow": 1,
    }
    return Rule(code=code, **(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "facts", "amount", "measure"),
    [
        (K.DISPATCH, COMPLAINT, 30, Measure.MINUTES),
        (K.DISPATCH, Facts(T.HELP, U.URGENT), 30, Measure.MINUTES),
        (K.DISPATCH, Facts(T.HELP, U.CRITICAL), 15, Measure.MINUTES),
        (K.SIGN, COMPLAINT, 1, Measure.WORKING_DAYS),
        (K.SIGN, Facts(T.HELP, U.URGENT), 30, Measure.MINUTES),
        (K.SIGN, Facts(T.HELP, U.CRITICAL), 15, Measure.MINUTES),
        (K.CONTACT, COMPLAINT, 1, Measure.WORKING_DAYS),
        (K.CONTACT, Facts(T.HELP, U.URGENT), 2, Measure.HOURS),
        (K.CONTACT, Facts(T.HELP, U.CRITICAL), 2, Measure.HOURS),
        (K.RETURN, COMPLAINT, 1, Measure.WORKING_DAYS),
        (K.RETURN, Facts(T.HELP, complex=True), 2, Measure.WORKING_DAYS),
        (K.HANDLE, Facts(T.CONSULTATION), 3, Measure.WORKING_DAYS),
        (K.HANDLE, Facts(T.HELP), 5, Measure.WORKING_DAYS),
        (K.HANDLE, Facts(T.COMPLAINT), 5, Measure.WORKING_DAYS),
        (K.HANDLE, Facts(T.REPORT), 5, Measure.WORKING_DAYS),
        (K.HANDLE, Facts(T.SUGGESTION), 5, Measure.WORKING_DAYS),
        (K.HANDLE, Facts(T.PRAISE), 5, Measure.WORKING_DAYS),
        (K.HANDLE, Facts(T.OTHER), 5, Measure.WORKING_DAYS),
        (K.HANDLE, Facts(T.CONSULTATION, complex=True), 15, Measure.WORKING_DAYS),
        (K.HANDLE, Facts(T.HELP, around_the_clock=True), 24, Measure.HOURS),
        (K.HANDLE, Facts(T.HELP, around_the_clock=True, complex=True), 24, Measure.HOURS),
        (K.HANDLE, Facts(T.HELP, U.URGENT, around_the_clock=True), 2, Measure.HOURS),
        (K.HANDLE, Facts(T.HELP, U.CRITICAL, complex=True), 2, Measure.HOURS),
        (K.REWORK, Facts(T.CONSULTATION), 5, Measure.WORKING_DAYS),
        (K.REWORK, Facts(T.HELP, U.URGENT), 2, Measure.HOURS),
        (K.REWORK, Facts(T.HELP, around_the_clock=True), 24, Measure.HOURS),
        (K.CHECK, COMPLAINT, 1, Measure.WORKING_DAYS),
        (K.CALLBACK, COMPLAINT, 1, Measure.WORKING_DAYS),
        (K.CONSULTATION, COMPLAINT, 1, Measure.WORKING_DAYS),
        (K.APPROVAL, COMPLAINT, 1, Measure.WORKING_DAYS),
    ],
)
def test_the_defaults(kind: ClockKind, facts: Facts, amount: float, measure: Measure) -> None:
    rule = best_rule(DEFAULT_RULES, kind, facts)
    assert (rule.amount, rule.measure) == (amount, measure)


def test_every_case_has_every_limit_but_the_two_that_are_not_the_lines() -> None:
    for kind in set(ClockKind) - {K.STATUTORY, K.LOOK_AGAIN}:
        for type in CaseType:
            for urgency in Urgency:
                assert best_rule(DEFAULT_RULES, kind, Facts(type, urgency)).kind is kind
    with pytest.raises(LookupError):
        best_rule(DEFAULT_RULES, K.STATUTORY, COMPLAINT)


LADDER = [
    own("any"),
    own("type", type=T.HELP),
    own("area", category="A03"),
    own("topic", category="A0312"),
    own("topic-and-type", category="A0312", type=T.HELP),
    own("complex", complex=True),
    own("supply", around_the_clock=True),
    own("urgent", urgency=U.URGENT),
    own("urgent-topic", urgency=U.URGENT, category="A03"),
    own("simple", complex=False, category="B"),
]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (Facts(T.COMPLAINT), "any"),
        (Facts(T.COMPLAINT, category="A"), "any"),
        (Facts(T.HELP), "type"),
        (Facts(T.HELP, category="A0399"), "area"),
        (Facts(T.COMPLAINT, category="A0312"), "topic"),
        (Facts(T.HELP, category="A0312"), "topic-and-type"),
        (Facts(T.HELP, category="A0312", complex=True), "complex"),
        (Facts(T.HELP, category="A0312", complex=True, around_the_clock=True), "supply"),
        (Facts(T.HELP, U.URGENT, "B01", around_the_clock=True), "urgent"),
        (Facts(T.HELP, U.URGENT, "A0312"), "urgent-topic"),
        (Facts(T.HELP, U.CRITICAL, "A0312"), "topic-and-type"),
        (Facts(T.HELP, category="B0101"), "simple"),
        (Facts(T.HELP, category="B0101", complex=True), "complex"),
    ],
)
def test_the_most_specific_rule_counts_in_whatever_order(facts: Facts, code: str) -> None:
    assert best_rule(LADDER, K.HANDLE, facts).code == code
    assert best_rule(LADDER[::-1], K.HANDLE, facts).code == code


def test_of_two_equal_rules_it_is_always_the_same() -> None:
    twins = [own("a", type=T.HELP), own("b", type=T.HELP)]
    assert best_rule(twins, K.HANDLE, Facts(T.HELP)).code == "b"
    assert best_rule(twins[::-1], K.HANDLE, Facts(T.HELP)).code == "b"


def test_a_city_replaces_a_default_by_its_code_and_adds_others() -> None:
    rules = with_own([own("handle.help", type=T.HELP, amount=4), own("schools", category="D")])
    assert len(rules) == len(DEFAULT_RULES) + 1
    assert best_rule(rules, K.HANDLE, Facts(T.HELP)).amount == 4
    assert best_rule(rules, K.HANDLE, Facts(T.HELP, category="D0101")).amount == 2
    assert best_rule(rules, K.HANDLE, Facts(T.REPORT)).amount == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 0},
        {"amount": -1},
        {"amount": 1.5},
        {"escalate": 0.5},
        {"escalate": -1},
        {"yellow": -1},
        {"measure": Measure.HOURS, "yellow": 1},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="bad: "):
        own("bad", **changes)


@pytest.mark.parametrize(
    ("days", "start", "yellow", "due", "escalate"),
    [
        # Wednesday, nothing in the way
        (3, "2026-08-05 10:00", "2026-08-07 17:30", "2026-08-10 17:30", "2026-08-11 17:30"),
        # Friday noon, just before midnight, Saturday at midnight, Sunday: the weekend is none
        (5, "2026-08-07 12:00", "2026-08-13 17:30", "2026-08-14 17:30", "2026-08-17 17:30"),
        (5, "2026-08-07 23:59", "2026-08-13 17:30", "2026-08-14 17:30", "2026-08-17 17:30"),
        (5, "2026-08-08 00:00", "2026-08-13 17:30", "2026-08-14 17:30", "2026-08-17 17:30"),
        (5, "2026-08-09 12:00", "2026-08-13 17:30", "2026-08-14 17:30", "2026-08-17 17:30"),
        # one minute before midnight and at midnight of a working day are different days
        (1, "2026-08-05 23:59", "2026-08-06 13:00", "2026-08-06 17:30", "2026-08-07 17:30"),
        (1, "2026-08-06 00:00", "2026-08-07 13:00", "2026-08-07 17:30", "2026-08-10 17:30"),
        # Spring Festival: Saturday 14 February is worked, then nine days off
        (2, "2026-02-13 09:00", "2026-02-14 17:30", "2026-02-24 17:30", "2026-02-25 17:30"),
        (5, "2026-02-12 16:00", "2026-02-25 17:30", "2026-02-26 17:30", "2026-02-27 17:30"),
        # Saturday 28 February is worked too
        (3, "2026-02-25 09:00", "2026-02-27 17:30", "2026-02-28 17:30", "2026-03-02 17:30"),
        # Labour Day, make-up Saturday 9 May: warned of before the holiday, due after it
        (3, "2026-04-29 09:00", "2026-05-06 17:30", "2026-05-07 17:30", "2026-05-08 17:30"),
        (3, "2026-05-06 09:00", "2026-05-08 17:30", "2026-05-09 17:30", "2026-05-11 17:30"),
        # Sunday 20 September is worked; Mid-Autumn from Friday to Sunday
        (3, "2026-09-18 12:00", "2026-09-21 17:30", "2026-09-22 17:30", "2026-09-23 17:30"),
        (2, "2026-09-23 12:00", "2026-09-24 17:30", "2026-09-28 17:30", "2026-09-29 17:30"),
        # National Day; Saturday 10 October is worked
        (3, "2026-09-30 12:00", "2026-10-09 17:30", "2026-10-10 17:30", "2026-10-12 17:30"),
        (5, "2026-10-03 12:00", "2026-10-12 17:30", "2026-10-13 17:30", "2026-10-14 17:30"),
        (15, "2026-09-23 12:00", "2026-10-20 17:30", "2026-10-21 17:30", "2026-10-22 17:30"),
    ],
)
def test_working_day_clocks(days: int, start: str, yellow: str, due: str, escalate: str) -> None:
    rule = own("days", amount=days, yellow=1 if days > 1 else 0.5, escalate=1)
    found = moments(CALENDAR, rule, at(start))
    assert (found.yellow_at, found.due.at) == (at(yellow), at(due))
    assert found.escalate_at == at(escalate)
    assert not found.due.provisional


@pytest.mark.parametrize(
    ("amount", "measure", "start", "yellow", "due", "escalate"),
    [
        (2, Measure.HOURS, "2026-10-02 23:30", "2026-10-03 01:00", "2026-10-03 01:30", "03:30"),
        (24, Measure.HOURS, "2026-02-16 08:00", "2026-02-17 02:00", "2026-02-17 08:00", "08:00"),
        (30, Measure.MINUTES, "2026-08-08 23:50", "2026-08-09 00:12", "2026-08-09 00:20", "00:50"),
    ],
)
def test_urgent_clocks_know_neither_night_nor_holiday(
    amount: float, measure: Measure, start: str, yellow: str, due: str, escalate: str
) -> None:
    rule = own("fast", amount=amount, measure=measure, yellow=0.25, escalate=amount)
    found = moments(CALENDAR, rule, at(start))
    assert found.yellow_at.replace(second=0) == at(yellow)
    assert found.due.at == at(due)
    assert found.escalate_at is not None
    assert f"{found.escalate_at.astimezone(LOCAL):%H:%M}" == escalate
    assert not found.due.provisional


@pytest.mark.parametrize(
    ("start", "due", "provisional"),
    [
        ("2026-12-25 09:00", "2026-12-30 17:30", False),
        # 1 January 2027 is a holiday by the standing rules, the rest of the year is not announced
        ("2026-12-30 09:00", "2027-01-05 17:30", True),
        ("2027-03-01 09:00", "2027-03-04 17:30", True),
    ],
)
def test_a_date_in_an_unannounced_year_is_provisional(
    start: str, due: str, provisional: bool
) -> None:
    found = moments(CALENDAR, own("days", amount=3), at(start)).due
    assert (found.at, found.provisional) == (at(due), provisional)


@pytest.mark.parametrize(
    ("rule", "start", "extra", "due"),
    [
        (own("d", amount=5), "2026-08-05 10:00", 5, "2026-08-19 17:30"),
        # over National Day
        (own("d", amount=5), "2026-09-23 10:00", 10, "2026-10-21 17:30"),
        # a clock of hours is lengthened from its end
        (
            own("h", amount=2, measure=Measure.HOURS, yellow=0.25),
            "2026-08-07 17:00",
            1,
            "2026-08-10 17:30",
        ),
    ],
)
def test_an_extension_adds_working_days(rule: Rule, start: str, extra: int, due: str) -> None:
    found = moments(CALENDAR, rule, at(start), extra_days=extra)
    assert found.due.at == at(due)
    assert found.yellow_at < found.due.at


@pytest.mark.parametrize(
    ("measure", "parent_due", "start", "end"),
    [
        # five days left: one of them belongs to the unit above
        (Measure.WORKING_DAYS, "2026-08-12 17:30", "2026-08-05 10:00", "2026-08-11 17:30"),
        # the day before the end is before a weekend, before National Day
        (Measure.WORKING_DAYS, "2026-08-10 17:30", "2026-08-06 10:00", "2026-08-07 17:30"),
        (Measure.WORKING_DAYS, "2026-10-08 17:30", "2026-09-28 10:00", "2026-09-30 17:30"),
        # one working day left, or the last one: a quarter of a day for the unit above
        (Measure.WORKING_DAYS, "2026-08-10 17:30", "2026-08-07 10:00", "2026-08-10 15:15"),
        (Measure.WORKING_DAYS, "2026-08-10 17:30", "2026-08-10 09:00", "2026-08-10 15:15"),
        # less than that: four fifths of what is left
        (Measure.WORKING_DAYS, "2026-08-10 17:30", "2026-08-10 16:30", "2026-08-10 17:18"),
        (Measure.HOURS, "2026-08-05 12:00", "2026-08-05 10:00", "2026-08-05 11:36"),
        (Measure.HOURS, "2026-08-09 10:00", "2026-08-08 10:00", "2026-08-09 05:12"),
        # the unit above is late already
        (Measure.WORKING_DAYS, "2026-08-04 17:30", "2026-08-05 10:00", "2026-08-06 17:30"),
        (Measure.HOURS, "2026-08-07 10:00", "2026-08-07 10:00", "2026-08-10 17:30"),
    ],
)
def test_a_unit_below_ends_before_the_unit_above(
    measure: Measure, parent_due: str, start: str, end: str
) -> None:
    assert nested_end(CALENDAR, measure, at(parent_due), at(start)) == at(end)


def test_a_clock_cut_short_by_the_unit_above_is_still_warned_of_while_it_runs() -> None:
    start, end = at("2026-08-10 09:00"), at("2026-08-10 15:00")
    found = moments(CALENDAR, own("d", amount=5, escalate=1), start, not_after=end)
    assert found.due.at == end
    assert found.yellow_at == at("2026-08-10 13:30")
    assert found.escalate_at == at("2026-08-11 17:30")


def test_the_unit_above_does_not_lengthen_a_shorter_clock() -> None:
    later = at("2026-08-31 17:30")
    rule = own("d", amount=2)
    found = moments(CALENDAR, rule, at("2026-08-05 09:00"), not_after=later)
    assert found == moments(CALENDAR, rule, at("2026-08-05 09:00"))


def city_rules() -> list[Rule]:
    rows = read(yaml.safe_load((CITY / "clocks.yml").read_text("utf-8")))
    return with_own(rule_of(ClockRule(**row)) for row in rows)


@pytest.mark.parametrize(
    ("facts", "amounts"),
    [
        (Facts(T.COMPLAINT, category="F0102"), [7, 45]),
        (Facts(T.COMPLAINT, category="G0501"), [7, 45]),
        (Facts(T.REPORT, category="F0106"), [15]),
        (Facts(T.COMPLAINT, category="F0107"), []),
        (Facts(T.CONSULTATION, category="F0102"), []),
        (Facts(T.COMPLAINT, category="A0312"), []),
        (Facts(T.COMPLAINT), []),
    ],
)
def test_statutory_limits_stand_beside_the_lines_own(facts: Facts, amounts: list[float]) -> None:
    rules = city_rules()
    found = statutory_rules(rules, facts)
    assert [rule.amount for rule in found] == amounts
    assert all("第20号" in rule.basis for rule in found)
    assert best_rule(rules, K.HANDLE, facts).kind is K.HANDLE


def test_a_narrower_statutory_rule_replaces_the_wider_one_of_its_name() -> None:
    wide = own("wide", kind=K.STATUTORY, name="立案", category="F", amount=15)
    narrow = own("narrow", kind=K.STATUTORY, name="立案", category="F01", amount=20)
    assert statutory_rules([narrow, wide], Facts(T.REPORT, category="F0101")) == [narrow]
    assert statutory_rules([narrow, wide], Facts(T.REPORT, category="F0201")) == [wide]


def test_a_row_for_several_categories_becomes_one_for_each() -> None:
    row = {"code": "x", "kind": "handle", "name": "办理", "amount": 2, "measure": "hours"}
    found = read([row | {"yellow": 0.25, "categories": ["A01", "A02"]}])
    assert [(r["code"], r["category"]) for r in found] == [("x.A01", "A01"), ("x.A02", "A02")]
    with pytest.raises(ValueError, match="x: "):
        read([row | {"yellow": 3}])


def test_a_closed_case_can_be_rated_for_five_working_days() -> None:
    assert review_window(CALENDAR, at("2026-08-07 16:00")) == at("2026-08-14 17:30")
    assert review_window(CALENDAR, at("2026-08-07 16:00")).tzinfo is UTC
