"""Rules of the console that need no database: clocks, pages, choosing a unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cases.states import Action, MainState, SubState
from cases.views import CaseView, EventView
from cases.vocabulary import ActorKind, Audience, CallbackState, CaseType, Part, Result
from console.answer_templates import TEMPLATES, results_for, templates_for
from console.case_steps import Standing, steps
from console.clock import Light, clock, duration
from console.paging import Paging
from console.unit_picker import find_unit, unit_options
from console.wording import DONE, happened
from core.errors import InvalidInput
from units.tree import UnitInfo, UnitTree

AT = datetime(2026, 8, 5, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "light", "text"),
    [
        (timedelta(days=3, hours=2), Light.GREEN, "剩余 3 天 2 小时"),
        (timedelta(days=1, seconds=1), Light.GREEN, "剩余 1 天"),
        (timedelta(days=1), Light.YELLOW, "剩余 1 天"),
        (timedelta(hours=5, minutes=10), Light.YELLOW, "剩余 5 小时 10 分"),
        (timedelta(0), Light.YELLOW, "剩余 0 分钟"),
        (timedelta(seconds=-1), Light.RED, "超期 0 分钟"),
        (timedelta(hours=-1), Light.RED, "超期 1 小时"),
    ],
)
def test_lights(left: timedelta, light: Light, text: str) -> None:
    shown = clock(AT + left, AT)
    assert (shown.light, shown.text) == (light, text)


@pytest.mark.parametrize(
    ("closed", "text"),
    [(None, "已停表"), (timedelta(0), "按期办结"), (timedelta(seconds=1), "超期办结")],
)
def test_a_stopped_clock(closed: timedelta | None, text: str) -> None:
    closed_at = AT + closed if closed is not None else None
    assert clock(AT, AT + timedelta(days=9), stopped=True, closed_at=closed_at).text == text


def test_duration_names_the_two_largest_units() -> None:
    assert duration(timedelta(days=2, minutes=59)) == "2 天"


@pytest.mark.parametrize(
    ("wanted", "total", "page", "offset", "shown"),
    [
        (1, 0, 1, 0, [1]),
        (0, 30, 1, 0, [1]),
        (2, 31, 2, 30, [1, 2]),
        (9, 31, 2, 30, [1, 2]),
        (5, 300, 5, 120, [1, None, 4, 5, 6, None, 10]),
        (2, 300, 2, 30, [1, 2, 3, None, 10]),
    ],
)
def test_pages(wanted: int, total: int, page: int, offset: int, shown: list[int | None]) -> None:
    paging = Paging(wanted, total)
    assert (paging.page, paging.offset, paging.shown) == (page, offset, shown)


TREE = UnitTree.of(
    [
        UnitInfo("city", "示例市人民政府", "市政府", "政府", "city", None),
        UnitInfo("urban", "示例市城市管理局", "城管局", "城管", "city", "city", ("城管",)),
        UnitInfo("east", "城东区人民政府", "城东区", "区县政府", "district", "city"),
        UnitInfo("east.urban", "城东区城市管理局", "城东城管", "城管", "district", "east"),
        UnitInfo("east.a", "红旗社区", "红旗", "社区村", "community", "east", ("社区",)),
        UnitInfo("east.b", "绿苑社区", "绿苑", "社区村", "community", "east", ("社区",)),
        UnitInfo("old", "旧局", "旧局", "城管", "city", "city", active=False),
    ]
)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("示例市城市管理局", "urban"),
        (" 城管局 ", "urban"),
        ("城管", "urban"),
        ("east.urban", "east.urban"),
        ("红旗", "east.a"),
    ],
)
def test_a_unit_is_found_by_its_names(typed: str, code: str) -> None:
    assert find_unit(TREE, typed).code == code


@pytest.mark.parametrize("typed", ["", "  ", "旧局", "old", "社区", "城东区城市"])
def test_what_names_no_single_unit_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        find_unit(TREE, typed)
    assert refused.value.fields["unit"]


def test_looking_up_takes_a_part_of_a_name() -> None:
    assert find_unit(TREE, "城东区城市", loose=True).code == "east.urban"
    with pytest.raises(InvalidInput):
        find_unit(TREE, "城市管理局", loose=True)
    with pytest.raises(InvalidInput):
        find_unit(TREE, "示例市城市管理局", {"east"}, loose=True)


def test_the_list_goes_from_the_city_down_without_closed_units() -> None:
    options = unit_options(TREE)
    assert [o.value for o in options][:2] == ["示例市人民政府", "城东区人民政府"]
    assert "旧局" not in [o.value for o in options]
    assert next(o.label for o in options if o.value == "城东区城市管理局") == (
        "城东城管 · 城管 · 城东区"
    )


def event(action: Action, **given: Any) -> EventView:
    facts: dict[str, Any] = {
        "at": AT,
        "actor_kind": ActorKind.STAFF,
        "actor": "li",
        "actor_unit": "urban",
        "sub_case_id": None,
        "from_state": None,
        "to_state": None,
        "reason": "",
        "audience": Audience.STAFF,
        "text": None,
        "data": {},
    }
    return EventView(action=action, **(facts | given))


@pytest.mark.parametrize("action", list(Action))
def test_history_has_words_for_whatever_happens(action: Action) -> None:
    said = happened(event(action), TREE, {"li": "示例·李"})
    assert said.startswith("城管局 示例·李 ")
    assert len(said) > len("城管局 示例·李 ")


@pytest.mark.parametrize(
    ("action", "given", "said"),
    [
        ("reassign", {"data": {"unit": "east.urban", "from_unit": "urban"}}, "由示例市城市管理局改派城东区城市管理局"),
        ("return", {"data": {"unit": "urban", "approval": 1, "proposed_unit": "east"}}, "申请退单，建议由城东区人民政府承办"),
        ("return", {"data": {"unit": "urban"}}, "示例市城市管理局退单"),
        ("approve", {"data": {"unit": "urban", "approval": 1, "kind": "extension"}}, "同意示例市城市管理局的延期申请"),
        ("extend", {"data": {"due": "2026-08-05T09:30:00+00:00"}}, "办理期限延长到 2026-08-05 17:30"),
        ("contact", {"data": {"reached": False}}, "联系市民，没有联系上"),
        ("answer", {"data": {"result": "partly"}}, "答复（部分解决）"),
        ("correct", {"data": {"changes": {"street": [None, "east"], "complex": [False, True]}}}, "更正了街道（无 → 城东区）、复杂事项（否 → 是）"),
        ("rework", {"data": {"round": 2}}, "要求重办（第 2 次办理）"),
        ("merge", {"data": {"number": "123"}}, "并单：工单 123"),
    ],
)  # fmt: skip
def test_what_happened_in_words(action: str, given: dict[str, Any], said: str) -> None:
    assert happened(event(Action(action), **given), TREE, {"li": "李"}) == f"城管局 李 {said}"


def test_a_card_names_the_clock_and_a_part_ends_with_the_case() -> None:
    data = {"unit": "urban", "clock": "签收", "due": "2026-08-05T09:30:00+00:00"}
    card = event(Action.RED, actor_kind=ActorKind.SYSTEM, data=data)
    assert happened(card, TREE, {}) == (
        "系统 红牌超期：示例市城市管理局的签收期限 2026-08-05 17:30 已过"
    )
    ended = event(
        Action.PASS,
        actor_kind=ActorKind.SYSTEM,
        sub_case_id=1,
        to_state=SubState.ENDED,
        data={"unit": "urban"},
    )
    assert happened(ended, TREE, {}) == "示例市城市管理局的办理随主单结束"


@pytest.mark.parametrize("type", list(CaseType))
def test_every_result_has_a_beginning_of_an_answer(type: CaseType) -> None:
    assert len(templates_for(type)) == len(results_for(type)) >= 3
    assert set(TEMPLATES) == set(Result)


def test_every_action_of_a_form_is_confirmed_in_words() -> None:
    from console.case_actions import PERFORM

    assert {action.value for action in PERFORM} <= set(DONE)


def case(state: MainState, *, callback: CallbackState | None = None, accepted: bool = True) -> Any:
    lead = SimpleNamespace(
        part=Part.LEAD,
        state=SubState.IN_PROGRESS,
        created_at=AT,
        accepted_at=AT if accepted else None,
        answered_at=None,
    )
    return cast(
        CaseView,
        SimpleNamespace(
            state=state,
            parts=[] if state is MainState.PENDING_DISPATCH else [lead],
            callback=SimpleNamespace(state=callback, done_at=None) if callback else None,
            created_at=AT,
            told_at=None,
            closed_at=None,
        ),
    )


@pytest.mark.parametrize(
    ("state", "current", "note"),
    [
        (MainState.PENDING_DISPATCH, "派单", ""),
        (MainState.CONSULTATION, "派单", "会商中"),
        (MainState.DISPATCHED, "签收", ""),
        (MainState.IN_PROGRESS, "办理", ""),
        (MainState.SUSPENDED, "办理", "已挂账"),
        (MainState.ANSWERED, "审核", ""),
        (MainState.CALLBACK, "回访", ""),
        (MainState.WITHDRAWN, "已撤回", ""),
        (MainState.MERGED, "已并单", ""),
    ],
)
def test_the_picture_shows_where_a_case_stands(state: MainState, current: str, note: str) -> None:
    [here] = [s for s in steps(case(state)) if s.standing is Standing.CURRENT]
    assert (here.name, here.note) == (current, note)


@pytest.mark.parametrize(
    ("callback", "standing"),
    [
        (None, Standing.SKIPPED),
        (CallbackState.SKIPPED, Standing.SKIPPED),
        (CallbackState.DONE, Standing.DONE),
    ],
)
def test_a_closed_case_has_no_step_ahead(
    callback: CallbackState | None, standing: Standing
) -> None:
    shown = steps(case(MainState.CLOSED, callback=callback))
    assert [s.name for s in shown][-2:] == ["回访", "结案"]
    assert shown[-2].standing is standing
    assert {s.standing for s in shown} <= {Standing.DONE, Standing.SKIPPED}
