"""Following a service record (办件): 我的执照办到哪了.

It is shown to who knows its number and the last four digits of the telephone left with it, or holds
that telephone: by a code, or because the door vouches for it. What is said is the same whether or not there is such a record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.actions import second_rating
from bot.actions.own_phone import code_proved, code_sent_to, own_phone
from bot.actions.patience import missed
from bot.actions.records_meant import TOLD, alike, is_about_a_record
from bot.actions.records_told import in_words, is_late
from bot.actions.review_words import plain
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from cases.registration import phone_hash
from core.database import now
from core.replies import say
from intake.facts import find_phone
from intake.several import which
from notices.channels import can_text
from notices.codes import check_code, send_code
from reviews.models import ServiceRecord
from reviews.own_records import (
    NOT_FOUND,
    STATUS_NAMES,
    find_number,
    look_up,
    of_phone,
    of_several,
    proved,
)
from reviews.record_rating import open_until
from reviews.said import is_finished, is_rated
from reviews.signed_links import record_link

NUMBER, TAIL, CODE, WHICH = "record_number", "record_tail", "record_code", "record_which"
AWAITING = (NUMBER, TAIL, CODE, WHICH)
_PERSON = ("转人工", "handoff")
# How many records of a number are offered, and looked at.
_OFFERED, _LOOKED_AT = 5, 50
# What is asked for on the way is left for these, unless the words answer.
_OTHER_ACTS = (
    "ask_guide",
    "ask_policy",
    "file_case",
    "handoff",
    "review",
    "thanks",
    "goodbye",
    "withdraw",
)
_LEAVES = re.compile(r"(?:算了|不(?:用|想|要)?查了?|取消|退出|不看了?)")
_NO_NUMBER = re.compile(r"不知道|不清楚|不记得|记不|忘|没有|没得|找不到|丢|弄没|哪来")
_HAS_DIGITS = re.compile(r"\d{4}")
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_PLACE = re.compile(r"(\d)[。！!]?")
_TAIL = re.compile(r"(?<!\d)\d{4}(?!\d)")


async def go_on(talk: Talk) -> Replies | None:
    """The turn answers what was asked; None when it is about something else."""
    waiting = talk.context.get("awaiting")
    if waiting == WHICH and (chosen := await _named(talk)) is not None:
        return await _show(talk, chosen)
    if _LEAVES.match(talk.text):
        _forget(talk)
        return [say("好的，先不查了。", *HELP_CHOICES)]
    answers = _HAS_DIGITS.search(talk.text) or is_about_a_record(talk.text, talk.act)
    if not answers and (talk.act in _OTHER_ACTS or TOLD.search(talk.text)):
        _forget(talk)
        return None
    return await progress(talk)


def _forget(talk: Talk) -> None:
    talk.remember(awaiting=None, asked_record=None, offered_records=None, wanted=None, misses=None)


async def progress(talk: Talk) -> Replies:
    """Show the record meant, after knowing that it is his or hers."""
    waiting = talk.context.get("awaiting")
    number, phone = find_number(talk.text), find_phone(talk.text)
    if waiting == CODE and (code := _CODE.search(talk.text)):
        return await _by_code(talk, code[0])
    if number is not None:
        known = await _known(talk, number) or await _of_holder(talk, number)
        if known is not None:
            return await _show(talk, known)
        rest = re.sub(re.escape(number), "", talk.text, flags=re.IGNORECASE)
        return await _by_tail(talk, number, phone[-4:] if phone else _tail(rest))
    asked = talk.context.get("asked_record")
    if waiting == TAIL and asked:
        return await _by_tail(talk, str(asked), phone[-4:] if phone else _tail(talk.text))
    if phone is not None and can_text():
        return await _send_code(talk, phone)
    own = await own_phone(talk)
    if own is not None and waiting is None:
        talk.remember(wanted=talk.text)
        return await _of_phone(talk, phone_hash(own))
    return await _again(talk, waiting) if waiting in AWAITING else ask(talk)


async def _again(talk: Talk, waiting: str) -> Replies:
    """What was asked was not answered: said in other words, then another way is shown."""
    if missed(talk):
        _forget(talk)
        by_code = [("用手机号验证码查", "record:phone")] if can_text() and waiting != CODE else []
        return [say("还是没有听出来。可以换个办法：", *by_code, _PERSON, *HELP_CHOICES[:2])]
    if waiting == WHICH:
        ids = [int(one) for one in talk.context.get("offered_records", [])]
        records = [one for id in ids if (one := await proved(talk.session, id)) is not None]
        offered = [(one.item_name[:40], f"record:open:{one.id}") for one in records]
        return [say("没有听出是哪一件，请说名称，或者说第几个。", *offered, _PERSON)]
    if waiting == CODE:
        return [say("请说短信里的 6 位验证码；没有收到可以再说一次手机号，重新发送。", _PERSON)]
    if waiting == TAIL:
        return [say("请只说办理时留的手机号后四位，4 个数字。", _PERSON)]
    lead = "没有编号也能查。" if _NO_NUMBER.search(talk.text) else "没有听到办件编号。"
    return _ask_phone(lead) if can_text() else [say(f"{lead}请转人工，核实身份后查询。", _PERSON)]


def _ask_phone(lead: str) -> Replies:
    return [say(f"{lead}请说办理时留的手机号，我发验证码，核验后就能看到办件。", _PERSON)]


async def choose(talk: Talk, value: str) -> Replies:
    """A quick reply: ``ask``, ``phone`` (by a code), or ``open:<id>`` of a record that was shown to
    be the citizen's."""
    kind, _, rest = value.partition(":")
    if kind == "phone" and can_text():
        talk.remember(awaiting=NUMBER, misses=None)
        return _ask_phone("")
    if kind == "open" and rest in [str(one) for one in talk.context.get("records", [])]:
        record = await proved(talk.session, int(rest))
        if record is not None:
            return await _show(talk, record)
    own = await own_phone(talk) if kind == "ask" else None
    return await _of_phone(talk, phone_hash(own)) if own is not None else ask(talk)


def ask(talk: Talk) -> Replies:
    """Ask for what shows whose record it is."""
    talk.remember(awaiting=NUMBER, asked_record=None, misses=None, wanted=talk.text)
    by_phone = "，或者说办理时留的手机号，我发验证码核验" if can_text() else ""
    return [
        say(
            f"请说办件编号和办理时留的手机号后四位，例如“{_EXAMPLE}，尾号 2000”{by_phone}。"
            "编号在受理回执上。",
            ("没有编号，转人工", "handoff"),
        )
    ]


_EXAMPLE = "SL261102000001"


async def _by_tail(talk: Talk, number: str, tail: str | None) -> Replies:
    talk.remember(awaiting=TAIL, asked_record=number)
    if tail is None:
        return [say("还需要办理时留的手机号后四位。", _PERSON)]
    record = await look_up(talk.session, number, tail)
    if record is None:
        return [say(f"{NOT_FOUND}。请再说一次编号和后四位。", _PERSON)]
    return await _show(talk, record)


async def _send_code(talk: Talk, phone: str) -> Replies:
    key = phone_hash(phone)
    known = bool(await of_phone(talk.session, key, 1))
    await send_code(talk.session, talk.conversation.id, phone, key, known=known)
    code_sent_to(talk, phone)
    talk.remember(awaiting=CODE, misses=None)
    return [
        say(
            "如果这个号码办过事，会收到 6 位验证码，5 分钟内有效。请把验证码告诉我。",
            ("没有收到，转人工", "handoff"),
        )
    ]


async def _by_code(talk: Talk, code: str) -> Replies:
    key = await check_code(talk.session, talk.conversation.id, code)
    if key is None:
        return [say("验证码不正确或已失效，请核对后再试；需要重发请再说一次手机号。", _PERSON)]
    code_proved(talk, key)
    return await _of_phone(talk, key)


async def _of_phone(talk: Talk, key: str) -> Replies:
    """The records of a telephone that is in the own hand, to choose from.

    What others applied for who left the same number is nobody's business: of a number of several
    people only the record is shown whose number is said.
    """
    records = await of_phone(talk.session, key, _LOOKED_AT)
    if not records:
        _forget(talk)
        return [say("这个号码名下没有查到办件。", ("转人工", "handoff"), *HELP_CHOICES[:2])]
    if of_several(records):
        talk.remember(awaiting=NUMBER, holder=key)
        return [say("这个号码登记过不止一位办事人的办件，请说受理回执上的办件编号。", _PERSON)]
    if len(records) == 1:
        return await _show(talk, records[0])
    wanted = alike(str(talk.context.get("wanted") or ""), records)
    if len(wanted) == 1:
        return await _show(talk, wanted[0], ("看其他办件", "record:ask"))
    records = (wanted or records)[:_OFFERED]
    _own(talk, records)
    talk.remember(
        awaiting=WHICH, offered_records=[one.id for one in records], wanted=None, misses=None
    )
    lines = [
        f"· {one.project_no} {one.item_name}，{STATUS_NAMES.get(one.status, '办理中')}"
        for one in records
    ]
    offered = [(one.item_name[:40], f"record:open:{one.id}") for one in records]
    return [say("\n".join(["这个号码的办件，要看哪一件？", *lines]), *offered)]


async def _of_holder(talk: Talk, number: str) -> ServiceRecord | None:
    """The record of this number when the telephone left with it is in the own hand."""
    own = await own_phone(talk)
    keys = {talk.context.get("holder"), phone_hash(own) if own else None} - {None}
    for key in keys:
        for record in await of_phone(talk.session, str(key), _LOOKED_AT):
            if record.project_no == number:
                return record
    return None


async def _named(talk: Talk) -> ServiceRecord | None:
    """The one of the records just offered that the turn names by place or item."""
    ids = [int(one) for one in talk.context.get("offered_records", [])]
    bare = _PLACE.fullmatch(plain(talk.text))
    place = int(bare[1]) if bare else which(talk.text)
    if place is not None and 1 <= place <= len(ids):
        return await proved(talk.session, ids[place - 1])
    records = [one for id in ids if (one := await proved(talk.session, id)) is not None]
    near = alike(talk.text, records)
    return near[0] if len(near) == 1 else None


def _tail(text: str) -> str | None:
    found = _TAIL.search(text)
    return found[0] if found else None


def _own(talk: Talk, records: Sequence[ServiceRecord]) -> None:
    known = [int(one) for one in talk.context.get("records", [])]
    talk.remember(records=[*known, *(one.id for one in records if one.id not in known)])


async def _known(talk: Talk, number: str) -> ServiceRecord | None:
    for id in talk.context.get("records", []):
        record = await proved(talk.session, int(id))
        if record is not None and record.project_no == number:
            return record
    return None


async def _show(talk: Talk, record: ServiceRecord, *more: tuple[str, str]) -> Replies:
    _own(talk, [record])
    _forget(talk)
    talk.remember(failures=None, record=record.id, holder=None)
    # Where it is looked at, its citizen is invited to rate it once it is finished.
    record.followed_in = talk.conversation.id
    choices, card = [], None
    if is_finished(record) and not await is_rated(talk.session, record.id):
        choices.append(("评价这次办理", f"rate:record:{record.id}"))
        if await open_until(talk.session, record, now()) is not None:
            card = {"kind": "link", "title": "去评价", "url": record_link(record.id)}
    if is_late(record):
        choices.append(("反映超期", "menu:case"))
    choices += more
    told = in_words(record, talk.line.city.tree.name(record.unit), choices)
    again = await second_rating.ask(talk, record_id=record.id)
    return [told.model_copy(update={"card": card}), *again]
