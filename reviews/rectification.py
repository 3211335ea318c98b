"""The life of a rectification (差评整改) as a table: who may do what, from where, to where. Pure.

Sources: 国办发〔2019〕51号 (a bad review is verified with the citizen first; what is clear and
reasonable is put right at once, what is complex is explained with a date, what the law does not
allow is explained; every one is put right and answered; mistaken and malicious reviews are taken
out by an appeal that somebody else decides), and the states of a provincial system in public code
(0, 10-12, 20-22, 220-222 and one extension). It ends with the citizen's word, not the unit's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.identity import UNIT_ROLES, Role
from reviews.grades import BAD, Grade

# [D] No rule was found: after so many calls without an answer the citizen counts as unreachable.
MOST_TRIES = 3
# [D] One extension as for cases, of at most so many working days.
MOST_EXTENSION_DAYS = 5


class State(StrEnum):
    PENDING = "pending"
    VERIFIED = "verified"
    UNDER_WAY = "under_way"
    APPEALED = "appealed"
    INVALID = "invalid"
    IMPOSSIBLE_CLAIMED = "impossible_claimed"
    IMPOSSIBLE = "impossible"
    CALLBACK = "callback"
    SUPERVISED = "supervised"
    COMPLETED = "completed"
    UNRESOLVED = "unresolved"
    WITHDRAWN = "withdrawn"


STATE_NAMES = {
    State.PENDING: "待核实",
    State.VERIFIED: "已核实",
    State.UNDER_WAY: "整改中",
    State.APPEALED: "申诉待复核",
    State.INVALID: "无效差评",
    State.IMPOSSIBLE_CLAIMED: "无法整改待审核",
    State.IMPOSSIBLE: "无法整改",
    State.CALLBACK: "待回访",
    State.SUPERVISED: "督办中",
    State.COMPLETED: "整改完成",
    State.UNRESOLVED: "未能解决",
    State.WITHDRAWN: "已撤销",
}
ENDED = frozenset(
    {State.INVALID, State.IMPOSSIBLE, State.COMPLETED, State.UNRESOLVED, State.WITHDRAWN}
)
OPEN = frozenset(State) - ENDED
# The unit has to act; the clock of the rectification stands against it.
WITH_UNIT = frozenset({State.PENDING, State.VERIFIED, State.UNDER_WAY, State.SUPERVISED})
WITH_SUPERVISOR = frozenset({State.APPEALED, State.IMPOSSIBLE_CLAIMED})
# What leaves the figures of rectification: found no fault of the unit, or tied by mistake.
NOT_COUNTED = frozenset({State.INVALID, State.WITHDRAWN})


class Action(StrEnum):
    """What happens to a rectification. The last ones only appear in its history."""

    VERIFY = "verify"
    PLAN = "plan"
    FINISH = "finish"
    APPEAL = "appeal"
    ACCEPT_APPEAL = "accept_appeal"
    REFUSE_APPEAL = "refuse_appeal"
    CLAIM_IMPOSSIBLE = "claim_impossible"
    ACCEPT_IMPOSSIBLE = "accept_impossible"
    REFUSE_IMPOSSIBLE = "refuse_impossible"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    SOLVED = "solved"
    UNSOLVED = "unsolved"
    NOT_REACHED = "not_reached"
    UNREACHABLE = "unreachable"
    SECOND_GOOD = "second_good"
    SECOND_BAD = "second_bad"
    GIVE_UP = "give_up"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    OPEN = "open"
    YELLOW = "yellow"
    RED = "red"
    RELEASE = "release"
    OPEN_CASE = "open_case"
    RECOMPUTE = "recompute"


ACTION_NAMES = {
    Action.VERIFY: "联系市民核实",
    Action.PLAN: "说明理由并限期整改",
    Action.FINISH: "整改完成，报请回访",
    Action.APPEAL: "申诉：误评或恶意差评",
    Action.ACCEPT_APPEAL: "申诉成立，认定为无效差评",
    Action.REFUSE_APPEAL: "申诉不成立，继续整改",
    Action.CLAIM_IMPOSSIBLE: "申请认定无法整改",
    Action.ACCEPT_IMPOSSIBLE: "认定无法整改",
    Action.REFUSE_IMPOSSIBLE: "不予认定，继续整改",
    Action.ASK_EXTENSION: "申请延期",
    Action.GRANT_EXTENSION: "同意延期",
    Action.REFUSE_EXTENSION: "不同意延期",
    Action.SOLVED: "回访：市民认可",
    Action.UNSOLVED: "回访：市民不认可，转督办",
    Action.NOT_REACHED: "回访：未接通",
    Action.UNREACHABLE: "回访：多次未接通，结束",
    Action.SECOND_GOOD: "二次评价",
    Action.SECOND_BAD: "二次评价仍不满意，转督办",
    Action.GIVE_UP: "督办后仍未解决，结束",
    Action.WITHDRAW: "评价关联撤销",
    Action.REOPEN: "评价重新关联",
    Action.OPEN: "收到差评，开始整改",
    Action.YELLOW: "黄牌：即将到期",
    Action.RED: "红牌：已超期",
    Action.RELEASE: "公开评价和答复",
    Action.OPEN_CASE: "转为工单",
    Action.RECOMPUTE: "工作日历调整，期限重算",
}

S, A = State, Action
_SAME = (S.VERIFIED, S.UNDER_WAY)
TRANSITIONS: dict[tuple[Action, State], State] = {
    (A.VERIFY, S.PENDING): S.VERIFIED,
    (A.PLAN, S.VERIFIED): S.UNDER_WAY,
    (A.FINISH, S.VERIFIED): S.CALLBACK,
    (A.FINISH, S.UNDER_WAY): S.CALLBACK,
    (A.FINISH, S.SUPERVISED): S.CALLBACK,
    # From here only, and never back to here: there is one appeal, and the citizen was asked first.
    (A.APPEAL, S.VERIFIED): S.APPEALED,
    (A.ACCEPT_APPEAL, S.APPEALED): S.INVALID,
    (A.REFUSE_APPEAL, S.APPEALED): S.UNDER_WAY,
    (A.CLAIM_IMPOSSIBLE, S.VERIFIED): S.IMPOSSIBLE_CLAIMED,
    (A.CLAIM_IMPOSSIBLE, S.UNDER_WAY): S.IMPOSSIBLE_CLAIMED,
    (A.ACCEPT_IMPOSSIBLE, S.IMPOSSIBLE_CLAIMED): S.IMPOSSIBLE,
    (A.REFUSE_IMPOSSIBLE, S.IMPOSSIBLE_CLAIMED): S.UNDER_WAY,
    **{
        (action, state): state
        for action in (A.ASK_EXTENSION, A.GRANT_EXTENSION, A.REFUSE_EXTENSION)
        for state in _SAME
    },
    (A.SOLVED, S.CALLBACK): S.COMPLETED,
    (A.UNSOLVED, S.CALLBACK): S.SUPERVISED,
    (A.NOT_REACHED, S.CALLBACK): S.CALLBACK,
    (A.UNREACHABLE, S.CALLBACK): S.COMPLETED,
    # The citizen is called back first: the second review (二评) is about what came of that too.
    (A.SECOND_GOOD, S.COMPLETED): S.COMPLETED,
    (A.SECOND_BAD, S.COMPLETED): S.SUPERVISED,
    (A.GIVE_UP, S.SUPERVISED): S.UNRESOLVED,
    **{(A.WITHDRAW, state): S.WITHDRAWN for state in OPEN},
    (A.REOPEN, S.WITHDRAWN): S.PENDING,
}

_SUPERVISOR = frozenset({Role.SUPERVISOR})
# Who may have what a bad review tells of handled as a case, once.
CASE_OPENERS = UNIT_ROLES | _SUPERVISOR
_CALLERS = frozenset({Role.CALLBACK_CLERK, Role.SUPERVISOR})
# Actions without an entry are the citizen's or the line's own.
DOES: dict[Action, frozenset[Role]] = {
    **dict.fromkeys((A.PLAN, A.FINISH, A.APPEAL, A.CLAIM_IMPOSSIBLE, A.ASK_EXTENSION), UNIT_ROLES),
    # The line verifies for a unit that may not know who the reviewer is.
    A.VERIFY: UNIT_ROLES | _CALLERS,
    **dict.fromkeys(
        (
            A.ACCEPT_APPEAL,
            A.REFUSE_APPEAL,
            A.ACCEPT_IMPOSSIBLE,
            A.REFUSE_IMPOSSIBLE,
            A.GRANT_EXTENSION,
            A.REFUSE_EXTENSION,
            A.GIVE_UP,
        ),
        _SUPERVISOR,
    ),
    **dict.fromkeys((A.SOLVED, A.UNSOLVED, A.NOT_REACHED, A.UNREACHABLE), _CALLERS),
}


@dataclass(frozen=True)
class Facts:
    """What beside the state a rule looks at; ``late`` when the time limit has passed."""

    extended: bool = False
    extension_asked: bool = False
    claimed: bool = False
    tries: int = 0
    second_given: bool = False
    late: bool = False


def refusal(action: Action, state: State, facts: Facts) -> str | None:
    """Why ``action`` is not possible now, in Chinese for the screen; None when it is."""
    if (action, state) not in TRANSITIONS:
        return f"“{STATE_NAMES[state]}”时不能“{ACTION_NAMES[action]}”"
    match action:
        case Action.ASK_EXTENSION if facts.extended:
            return "只能延期一次"
        case Action.ASK_EXTENSION if facts.extension_asked:
            return "延期申请正在等待审批"
        case Action.ASK_EXTENSION if facts.late:
            return "期限已过，不能再申请延期"
        case Action.GRANT_EXTENSION | Action.REFUSE_EXTENSION if not facts.extension_asked:
            return "没有等待审批的延期申请"
        case Action.CLAIM_IMPOSSIBLE if facts.claimed:
            return "无法整改的申请已经审核过一次"
        case Action.NOT_REACHED if facts.tries + 1 >= MOST_TRIES:
            return f"已拨打 {facts.tries} 次，请按多次未接通结束"
        case Action.UNREACHABLE if facts.tries + 1 < MOST_TRIES:
            return f"至少拨打 {MOST_TRIES} 次才能按未接通结束"
        case Action.SECOND_GOOD | Action.SECOND_BAD if facts.second_given:
            return "这次整改您已经评价过了"
    return None


def possible(state: State, role: Role, facts: Facts) -> list[Action]:
    """What somebody of ``role`` can do now, in the order of `Action`."""
    return [
        action
        for action in Action
        if role in DOES.get(action, ()) and refusal(action, state, facts) is None
    ]


def second(grade: Grade) -> Action:
    """What a second review (二评) of ``grade`` does."""
    return Action.SECOND_BAD if grade in BAD else Action.SECOND_GOOD
