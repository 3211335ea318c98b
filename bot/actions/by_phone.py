"""Finding one's cases with the telephone alone: a code by text message shows whose number it is.

What is said is the same whether or not the number has cases. A confidential case is shown by its
number only; its query code opens it.
"""

from __future__ import annotations

from bot.actions.own_phone import code_proved, code_sent_to
from bot.actions.talk import Replies, Talk
from cases.identity import cases_of_phone
from cases.models import Case
from cases.registration import phone_hash
from cases.repository import CaseRepository
from cases.states import MAIN_STATE_NAMES, OPEN, MainState
from cases.views import is_secret
from core.replies import say
from notices.codes import check_code, send_code

# How many cases are offered; whoever has more asks with a number.
_OFFERED = 5
_PERSON = ("转人工", "handoff")


async def ask_code(talk: Talk, wish: str, phone: str) -> Replies:
    """Send a code to ``phone`` and ask for it. Raises TooManyTries."""
    key = phone_hash(phone)
    known = bool(await cases_of_phone(talk.session, key))
    await send_code(talk.session, talk.conversation.id, phone, key, known=known)
    code_sent_to(talk, phone)
    talk.remember(awaiting=wish, code_sent=True)
    return [
        say(
            "如果这个号码登记过工单，会收到 6 位验证码，5 分钟内有效。请把验证码告诉我。",
            ("没有收到，转人工", "handoff"),
        )
    ]


async def proved(talk: Talk, wish: str, code: str) -> list[Case] | None:
    """The cases of the number when the code is right, open ones before others, the latest first;
    None for a wrong code."""
    key = await check_code(talk.session, talk.conversation.id, code)
    if key is None:
        talk.remember(awaiting=wish)
        return None
    code_proved(talk, key)
    return await cases_of_holder(talk, key)


async def cases_of_holder(talk: Talk, key: str) -> list[Case]:
    """The cases of a number that is in the own hand; ``key`` is its hash."""
    repository = CaseRepository(talk.session, None)
    found = [await repository.get(one) for one in await cases_of_phone(talk.session, key)]
    running = [one for one in found if MainState(one.state) in OPEN]
    cases = (running or found)[:_OFFERED]
    numbers = [one.number for one in cases if not is_secret(one)]
    talk.remember(awaiting=None, code_sent=None, proved=numbers, failures=None)
    return cases


def wrong_code() -> Replies:
    """Said for a wrong, used and late code alike."""
    return [
        say(
            "验证码不正确或已失效，请核对后再试；5 分钟后失效，需要重发请再说一次手机号。",
            _PERSON,
        )
    ]


def choose_among(cases: list[Case], wish: str) -> Replies:
    """The cases of a number to choose from."""
    lines = ["核验通过，这个号码的工单："]
    for one in cases:
        state = MAIN_STATE_NAMES[MainState(one.state)]
        secret = is_secret(one)
        lines.append(
            f"· {one.number}（保密工单，请凭查询码查询）"
            if secret
            else f"· {one.number} {one.title}，{state}"
        )
    choices = [
        (f"{one.number[-5:]} {one.title}"[:60], f"case:open:{one.number}:{wish}")
        for one in cases
        if not is_secret(one)
    ]
    return [say("\n".join(lines), *choices)]
