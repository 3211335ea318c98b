"""Following a service record (办件): 我的执照办到哪了.

It is shown to who knows its number and the last four digits of the telephone left with it, or holds
that telephone: by a code, or because the door vouches for it. What is said is the same whether or not there is such a record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.actions import second_rating
from bot.actions.own_phone import own_phone
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from cases.registration import phone_hash
from core.calendar import LOCAL
from core.database import now
from core.replies import Reply, say
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
_HAS_DIGITS = re.compile(r"\d{4}")
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_PLACE = re.compile(r"(\d)[。！!]?")
# Around the item that is chosen: 就看居住证那个吧.
_FILLERS = re.compile(r"我|要|想|看|查|就|是|的|那个|那件|这个|这件|办件|一?下|吧|呢|[\W_]")
_TAIL = re.compile(r"(?<!\d)\d{4}(?!\d)")
# What was handed in to an authority, and what was told to the line.
_APPLIED = re.compile(
    r"办件|申请|申报|申领|受理号|材料|审核|审批|过审|批(?:了|下来|没|复|准)|制证|许可|备案|补贴|津贴|低保|公积金|"
    r"执照|护照|通行证|身份证|居住证|社保卡|房产证|不动产|驾驶证|行驶证|户口|准生证|(?:的|个)证"
)
_TOLD = re.compile(
    r"投诉|反映|反应|举报|报修|诉求|工单|单子|公单|12345|热线|登记的|打(?:过|的)?电话|建议"
)
_ASKS = re.compile(
    r"进度|到哪(?:了|一步|儿)|(?:办|审|批|弄|做)(?:得|的)?(?:怎么样|咋样|好|完|下来|成)|状态|下来(?:了)?[没吗]|通过了?[没吗]|"
    r"审(?:核|批)?(?:到|过)|批(?:了|下来)?[没吗]|可以(?:去)?(?:拿|领|取)|(?:查|看).{0,6}办件"
)


def is_about_a_record(text: str, act: str | None) -> bool:
    """Whether ``text`` asks after what was handed in to an authority, not after a case."""
    if _TOLD.search(text):
        return False
    if find_number(text):
        return True
    if act not in ("ask_progress", "urge"):
        return False
    return bool(_APPLIED.search(text)) and bool(_ASKS.search(text))


async def go_on(talk: Talk) -> Replies | None:
    """The turn answers what was asked; None when it is about something else."""
    if talk.context.get("awaiting") == WHICH and (chosen := await _named(talk)) is not None:
        return await _show(talk, chosen)
    if talk.act in ("ask_guide", "file_case", "handoff") and not _HAS_DIGITS.search(talk.text):
        talk.remember(awaiting=None)
        return None
    return await progress(talk)


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
        return await _of_phone(talk, phone_hash(own))
    return ask(talk)


async def choose(talk: Talk, value: str) -> Replies:
    """A quick reply: ``ask``, or ``open:<id>`` of a record that was shown to be the citizen's."""
    kind, _, rest = value.partition(":")
    if kind == "open" and rest in [str(one) for one in talk.context.get("records", [])]:
        record = await proved(talk.session, int(rest))
        if record is not None:
            return await _show(talk, record)
    own = await own_phone(talk) if kind == "ask" else None
    return await _of_phone(talk, phone_hash(own)) if own is not None else ask(talk)


def ask(talk: Talk) -> Replies:
    """Ask for what shows whose record it is."""
    talk.remember(awaiting=NUMBER, asked_record=None)
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
    talk.remember(awaiting=CODE)
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
    return await _of_phone(talk, key)


async def _of_phone(talk: Talk, key: str) -> Replies:
    """The records of a telephone that is in the own hand, to choose from.

    What others applied for who left the same number is nobody's business: of a number of several
    people only the record is shown whose number is said.
    """
    records = await of_phone(talk.session, key, _LOOKED_AT)
    if not records:
        talk.remember(awaiting=None)
        return [say("这个号码名下没有查到办件。", ("转人工", "handoff"), *HELP_CHOICES[:2])]
    if of_several(records):
        talk.remember(awaiting=NUMBER, holder=key)
        return [say("这个号码登记过不止一位办事人的办件，请说受理回执上的办件编号。", _PERSON)]
    if len(records) == 1:
        return await _show(talk, records[0])
    records = records[:_OFFERED]
    _own(talk, records)
    talk.remember(awaiting=WHICH, offered_records=[one.id for one in records])
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
    bare = _PLACE.fullmatch(talk.text.strip())
    place = int(bare[1]) if bare else which(talk.text)
    if place is not None and 1 <= place <= len(ids):
        return await proved(talk.session, ids[place - 1])
    records = [one for id in ids if (one := await proved(talk.session, id)) is not None]
    words = _FILLERS.sub("", talk.text)
    near = [one for one in records if len(words) >= 2 and words in one.item_name]
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


async def _show(talk: Talk, record: ServiceRecord) -> Replies:
    _own(talk, [record])
    talk.remember(awaiting=None, asked_record=None, failures=None, record=record.id, holder=None)
    # Where it is looked at, its citizen is invited to rate it once it is finished.
    record.followed_in = talk.conversation.id
    choices, card = [], None
    if is_finished(record) and not await is_rated(talk.session, record.id):
        choices.append(("评价这次办理", f"rate:record:{record.id}"))
        if await open_until(talk.session, record, now()) is not None:
            card = {"kind": "link", "title": "去评价", "url": record_link(record.id)}
    if _late(record):
        choices.append(("反映超期", "menu:case"))
    told = _told(record, talk.line.city.tree.name(record.unit), choices)
    again = await second_rating.ask(talk, record_id=record.id)
    return [told.model_copy(update={"card": card}), *again]


def _late(record: ServiceRecord) -> bool:
    promised = record.promised_on
    return (
        promised is not None
        and not is_finished(record)
        and now().astimezone(LOCAL).date() > promised
    )


def _told(record: ServiceRecord, unit: str, choices: list[tuple[str, str]]) -> Reply:
    where = "，".join(
        part for part in (record.place, record.window and f"{record.window}窗口") if part
    )
    lines = [
        f"办件 {record.project_no}：{record.item_name}",
        f"办理单位：{unit if record.unit else record.dept_name}"
        + (f"（{where}）" if where else ""),
        f"受理：{record.accepted_at.astimezone(LOCAL):%Y-%m-%d}",
    ]
    if record.finished_at is not None:
        lines.append(f"状态：已办结（{record.finished_at.astimezone(LOCAL):%Y-%m-%d}）")
    else:
        promised = f"，承诺 {record.promised_on:%Y-%m-%d} 前办结" if record.promised_on else ""
        lines.append(f"状态：{STATUS_NAMES.get(record.status, '办理中')}{promised}")
    if _late(record):
        lines.append("已经超过承诺的时间，可以向我们反映。")
    return say("\n".join(lines), *choices, *HELP_CHOICES[:2])
