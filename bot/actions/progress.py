"""Following a case: progress, urging, supplementing, withdrawing.

Whoever filed a case in this conversation may follow it here; everyone else shows number and query
code first, or that the telephone number left with it is in the own hand. Somebody else's case is
never shown.
"""

from __future__ import annotations

import re

from bot.actions import by_phone, second_rating
from bot.actions.own_phone import proved_phone
from bot.actions.patience import missed
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from cases.models import Case
from cases.numbers import tidy_number
from cases.progress import NOT_FOUND, PublicCase, Wish, look_up, public_case
from cases.registration import phone_hash
from cases.repository import CaseRepository
from cases.service import reopen, supplement, urge, withdraw
from cases.views import is_secret
from core.calendar import LOCAL
from core.database import now
from core.replies import Reply, say
from intake.facts import find_phone
from notices.channels import can_text
from notices.service import choose_sms

_NUMBER = re.compile(r"(?<!\d)(?!1[3-9]\d{9}(?!\d))\d{12,14}(?!\d)")
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_PLAIN = re.compile(
    r"^(?:我)?(?:想|要|需要|帮我|给我|请)*(?:再)?(?:查(?:一?下|询)?|催(?:一?下|办)?|补充|撤(?:回|销)|取消)?.{0,4}(?:进度|工单|单子|情况|材料|一下|投诉|诉求)?[。！!？?]*$"
)
_AGAIN = re.compile(r"没(?:有)?解决|重新办理|重办|又(?:坏|堵|堆|漏|来|出现)了?|问题还在")
# What was handed in to an authority is no case.
PERSON = ("转人工", "handoff")
RECORD = ("查在窗口或网上办的事", "record:ask")
_OFFERS = {
    Wish.URGE: ("催办", "case:urge"),
    Wish.SUPPLEMENT: ("补充情况", "case:supplement"),
    Wish.WITHDRAW: ("撤回", "case:withdraw"),
    Wish.REOPEN: ("没解决，重新办理", "case:reopen"),
}
_WISHES = ("progress", "urge", "supplement", "withdraw", "reopen")


async def progress(talk: Talk) -> Replies:
    """Do what the citizen wants with the case meant, after knowing that it is his or hers."""
    waiting = talk.context.get("awaiting")
    wish = waiting if waiting in _WISHES else {"ask_progress": "progress"}.get(talk.act or "", "")
    if not wish:
        wish = talk.act if talk.act in _WISHES else "progress"
    if wish in ("progress", "urge") and _AGAIN.search(talk.text):
        wish = "reopen"
    number, code = _NUMBER.search(talk.text), _CODE.search(talk.text)
    if waiting and code and not number and talk.context.get("code_sent"):
        return await _by_code(talk, wish, code[0])
    if number or (waiting and code):
        return await _verify(talk, wish, number[0] if number else None, code[0] if code else None)
    case = await _own_case(talk)
    if case is None:
        return await _by_phone(talk, wish)
    if waiting == "supplement":
        return await _supplement(talk, case)
    if waiting == "reopen":
        return await _reopen(talk, case)
    if wish == "supplement" and not _PLAIN.match(talk.text):
        return await _supplement(talk, case)
    return await _do(talk, wish, case)


async def choose(talk: Talk, value: str) -> Replies:
    """A quick reply about a case: ``progress``, ``urge``, ``supplement``, ``withdraw[:yes]``, ``reopen``,
    ``sms``, ``open:<number>:<wish>``."""
    wish, _, rest = value.partition(":")
    if wish == "open":
        number, _, wish = rest.partition(":")
        if number not in _known(talk):
            return _ask_number(talk, "progress")
        talk.remember(case=number)
    case = await _own_case(talk)
    if case is None:
        return _ask_number(talk, wish if wish in _WISHES else "progress")
    if wish == "sms":
        return await _by_sms(talk, case)
    if wish == "withdraw" and rest == "yes":
        await withdraw(talk.session, case.id, f"turn:{talk.turn_id}", now())
        return [say(f"工单 {case.number} 已撤回。", ("反映别的问题", "menu:case"))]
    return await _do(talk, wish, case)


async def _own_case(talk: Talk) -> Case | None:
    number = talk.context.get("case")
    return await CaseRepository(talk.session, None).by_number(str(number)) if number else None


def _ask_number(talk: Talk, wish: str) -> Replies:
    """Ask for what shows whose case it is; asked in vain before, in other words, then not again."""
    again = talk.context.get("awaiting") in _WISHES
    if again and missed(talk):
        talk.remember(awaiting=None, asked_number=None, code_sent=None)
        return [say("还是没有听出来。可以换个办法：", PERSON, RECORD, *HELP_CHOICES[:2])]
    talk.remember(awaiting=wish)
    lead = "没有听到可以核验的号码。" if again else ""
    if can_text():
        asked = (
            "请告诉我登记时留的手机号，我发验证码核验；或者说工单编号和 6 位查询码，"
            "例如“2611220000011 查询码 234567”。"
        )
        person = "都没有，转人工"
    else:
        asked = (
            "请告诉我工单编号和 6 位查询码（登记时给您的），例如“2611220000011 查询码 234567”。"
            "也可以在“查进度”页面查询。"
        )
        person = "没有编号，转人工"
    card = {"kind": "link", "title": "查进度", "url": "/progress"}
    return [say(lead + asked, (person, "handoff"), RECORD, card=card)]


async def _by_phone(talk: Talk, wish: str) -> Replies:
    """The number left with a case is enough, where a code can be sent to it, or was before."""
    phone = find_phone(talk.text)
    proved = proved_phone(talk)
    if proved is not None and phone in (None, proved):
        found = await by_phone.cases_of_holder(talk, phone_hash(proved))
        if found:
            return await _among(talk, wish, found)
    if phone is None or not can_text():
        return _ask_number(talk, wish)
    return await by_phone.ask_code(talk, wish, phone)


async def _by_code(talk: Talk, wish: str, code: str) -> Replies:
    cases = await by_phone.proved(talk, wish, code)
    if cases is None:
        return by_phone.wrong_code()
    return await _among(talk, wish, cases)


async def _among(talk: Talk, wish: str, cases: list[Case]) -> Replies:
    if len(cases) != 1 or is_secret(cases[0]):
        return by_phone.choose_among(cases, wish)
    talk.remember(case=cases[0].number)
    return await _do(talk, wish, cases[0])


async def _by_sms(talk: Talk, case: Case) -> Replies:
    """Text messages about what was filed in this conversation."""
    filed = [str(number) for number in talk.context.get("filed", [])]
    for number in {case.number, *filed}:
        one = await CaseRepository(talk.session, None).by_number(number)
        if one is not None:
            await choose_sms(talk.session, one.id, True)
    return [say("好的，有了进展和结果会发短信给您留的号码。不想再收时回复 TD。")]


def _known(talk: Talk) -> set[str]:
    """Numbers of the cases that are this citizen's: filed here, or shown to be."""
    context = talk.context
    known = {context.get("case"), *context.get("filed", []), *context.get("proved", [])}
    return {str(number) for number in known if number}


async def _verify(talk: Talk, wish: str, number: str | None, code: str | None) -> Replies:
    number = number or talk.context.get("asked_number")
    if number and tidy_number(number) in _known(talk):
        talk.remember(case=tidy_number(number))
        case = await _own_case(talk)
        if case is not None:
            talk.remember(awaiting=None, asked_number=None)
            return await _do(talk, wish, case)
    if not number or not code:
        talk.remember(awaiting=wish, asked_number=number)
        return [say("还需要" + ("6 位查询码。" if number else "工单编号。"), ("转人工", "handoff"))]
    found = await look_up(talk.session, number, code, talk.line.city.tree, now())
    if found is None:
        talk.remember(awaiting=wish, asked_number=number)
        return [say(NOT_FOUND + "。忘记了可以转人工核实。", ("转人工", "handoff"))]
    talk.remember(case=found.number, awaiting=None, asked_number=None)
    case = await _own_case(talk)
    return await _do(talk, wish, case) if case else [show(found)]


async def _do(talk: Talk, wish: str, case: Case) -> Replies:
    talk.remember(awaiting=None, failures=None, misses=None, record=None)
    shown = await public_case(talk.session, case.id, talk.line.city.tree, now())
    if wish in tuple(Wish) and Wish(wish) not in shown.can:
        return [_instead(shown)]
    if wish == "urge":
        await urge(talk.session, case.id, f"turn:{talk.turn_id}", now())
        return [say(f"已催办，承办单位会看到。{_status(shown)}", *_offers(shown, Wish.URGE))]
    if wish == "reopen":
        talk.remember(awaiting="reopen")
        return [say(f"请说说工单 {case.number} 还有什么没有解决，我马上重新交办。")]
    if wish == "supplement":
        talk.remember(awaiting="supplement")
        return [say(f"请说要补充到工单 {case.number} 的内容。")]
    if wish == "withdraw":
        return [
            say(
                f"确定撤回工单 {case.number}“{case.title}”吗？撤回后不再办理。",
                ("确定撤回", "case:withdraw:yes"),
                ("不撤回", "case:progress"),
            )
        ]
    return [show(shown), *await second_rating.ask(talk, case_id=case.id)]


async def _reopen(talk: Talk, case: Case) -> Replies:
    await reopen(talk.session, case.id, f"turn:{talk.turn_id}", talk.text, now())
    talk.remember(awaiting=None, failures=None)
    shown = await public_case(talk.session, case.id, talk.line.city.tree, now())
    return [say(f"已重新交办。{_status(shown)}", *_offers(shown))]


def _instead(case: PublicCase) -> Reply:
    """What can be done instead of a wish that comes too late."""
    text = f"工单 {case.number} 现在是“{case.state_name}”。"
    if Wish.REOPEN in case.can:
        text += "如果还没有解决，可以要求重新办理。"
    elif not case.can:
        text += "如果还有问题，可以另行反映，新工单会由承办单位重新办理。"
    return say(text, *_offers(case), ("反映别的问题", "menu:case"))


def _offers(case: PublicCase, *but: Wish) -> list[tuple[str, str]]:
    return [_OFFERS[wish] for wish in case.can if wish not in but]


async def _supplement(talk: Talk, case: Case) -> Replies:
    await supplement(talk.session, case.id, f"turn:{talk.turn_id}", talk.text, now())
    talk.remember(awaiting=None, failures=None)
    return [
        say(f"已补充到工单 {case.number}，承办单位会看到。", _OFFERS[Wish.URGE], *HELP_CHOICES[:1])
    ]


def show(case: PublicCase) -> Reply:
    """A case's progress as a reply."""
    lines = [f"工单 {case.number}：{case.title}", _status(case)]
    lines += [
        f"· {step.at.astimezone(LOCAL):%m-%d %H:%M} {step.text}" for step in case.timeline[-4:]
    ]
    if case.answer:
        lines.append(f"答复：{case.answer}")
    choices = _offers(case)
    card = None
    if case.told_at or not choices:
        choices = [*choices, ("反映别的问题", "menu:case")]
    if case.review_link:
        card = {"kind": "link", "title": "评价这次办理", "url": case.review_link}
    return say("\n".join(lines), *choices, card=card)


def _status(case: PublicCase) -> str:
    done = case.closed_at or case.told_at
    if done is not None:
        return f"状态：{case.state_name}（{done.astimezone(LOCAL):%Y-%m-%d}）"
    if case.look_again_on is not None:
        return f"状态：{case.state_name}，{case.look_again_on:%Y-%m-%d} 前再次办理。"
    due = f"{case.due_at.astimezone(LOCAL):%Y-%m-%d %H:%M}"
    provisional = "（暂定）" if case.due_provisional else ""
    unit = f"，承办单位：{case.unit}" if case.unit else ""
    return f"状态：{case.state_name}{unit}，预计 {due}{provisional} 前答复。"
