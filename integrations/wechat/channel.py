"""How WeChat carries what is told later: customer-service messages, else a notice by template.

Source: 微信公众平台, 客服消息, 模板消息, 订阅通知, 全局返回码.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.calendar import LOCAL
from core.database import Database, now
from integrations.wechat import repository
from integrations.wechat.account import Account
from integrations.wechat.allowance import Spent
from integrations.wechat.door import CHANNEL
from integrations.wechat.platform import Platform, PlatformError, Unreachable
from integrations.wechat.wording import TEXT_BYTES, pieces, worded
from notices.channels import Outgoing, Refused, TryLater
from notices.vocabulary import Kind

# The follower has not written for 48 hours; the count of messages is used up.
_NO_MESSAGES_NOW = frozenset({45015, 45047})
# System busy; too many calls a minute, a day; a token that is refused even when it is new.
_BUSY = frozenset({-1, 45011, 45009, 40001, 40014, 42001})
_REASONS = {
    40003: "不是有效的用户",
    43004: "用户没有关注公众号",
    43019: "用户在黑名单里",
    43101: "用户没有同意接收通知",
}
_BUSY_SECONDS = 60
# What cannot be sent goes with the answer to the follower's next message; until then it waits.
_SILENCE_SECONDS = 6 * 3600
_TEMPLATE = "/cgi-bin/message/template/send"
_SUBSCRIPTION = "/cgi-bin/message/subscribe/bizsend"
_MORE = "……\n（内容较长，余下的请到网页查看，或回复任意文字后再问。）"
# Otherwise the talk would stop without a word.
_LAST = "\n\n（微信限制连续发送的条数，请回复任意文字，以便继续收到消息。）"
_HAPPENED = {
    Kind.FILED: "您的工单已登记",
    Kind.PROGRESS: "您的工单有新的进展",
    Kind.ANSWERED: "您的工单已有答复",
    Kind.RATE: "请评价差评整改情况",
}


class WeChatChannel:
    """Sends to followers of one account. `send` raises Refused or TryLater as the port says."""

    name = CHANNEL

    def __init__(self, account: Account, database: Database, platform: Platform) -> None:
        self._account = account
        self._database = database
        self._platform = platform

    async def send(self, message: Outgoing) -> str | None:
        """Send ``message``; returns the id of a template message or notice, if it became one.

        Raises Refused, TryLater, or Unclear when nobody knows whether it was sent.
        """
        text = worded([message.text], message.choices, [message.card], self._account.address)
        parts = pieces(text)
        async with self._database.unit_of_work() as session:
            spent, left = await repository.spend(session, message.address, len(parts))
        if spent.count == 0:
            return await self._notice(message)
        if spent.count < len(parts):
            parts = [*parts[: spent.count - 1], _with(parts[spent.count - 1], _MORE)]
        elif left == 0 and message.kind == Kind.LINE:
            parts = [*parts[:-1], _with(parts[-1], _LAST)]
        for number, part in enumerate(parts):
            try:
                await self._platform.send_text(message.address, part)
            except (PlatformError, Unreachable) as error:
                if number:
                    raise Refused("只发出了前一部分") from error
                return await self._not_sent(message, spent, error)
        return None

    async def _not_sent(
        self, message: Outgoing, spent: Spent, error: PlatformError | Unreachable
    ) -> str | None:
        """Nothing of the message was sent: by notice if only messages are barred."""
        async with self._database.unit_of_work() as session:
            if isinstance(error, PlatformError) and error.code in _NO_MESSAGES_NOW:
                await repository.exhaust(session, message.address)
            else:
                await repository.give_back(session, message.address, spent)
        if isinstance(error, PlatformError) and error.code in _NO_MESSAGES_NOW:
            return await self._notice(message)
        raise _port_error(error) from error

    async def _notice(self, message: Outgoing) -> str:
        """A notice that something happened to a case; what it is stands in the conversation."""
        path = _TEMPLATE if self._account.template else _SUBSCRIPTION
        template = self._account.template or self._account.subscription
        happened = _HAPPENED.get(Kind(message.kind))
        if message.kind == Kind.RATE and not message.case_number:
            raise Refused("可发的客服消息已用完")
        if not (template and happened and message.case_number):
            raise TryLater("可发的客服消息已用完，等市民再来消息时一并给出", _SILENCE_SECONDS)
        page = f"{self._account.address}/progress"
        notice = {
            "touser": message.address,
            "template_id": template,
            "page" if path == _SUBSCRIPTION else "url": page,
            "data": _fields(message.case_number, happened, now()),
        }
        try:
            return await self._platform.send_notice(path, notice)
        except (PlatformError, Unreachable) as error:
            raise _port_error(error) from error


def _with(text: str, ending: str) -> str:
    """``text`` with an ending, cut where both would not fit into one message."""
    return pieces(text, TEXT_BYTES - len(ending.encode()))[0] + ending


def _fields(number: str, happened: str, at: datetime) -> dict[str, Any]:
    """Keywords of the template; nothing of what the case is about."""
    return {
        "character_string1": {"value": number},
        "thing2": {"value": happened},
        "time3": {"value": at.astimezone(LOCAL).strftime("%Y年%m月%d日 %H:%M")},
    }


def _port_error(error: PlatformError | Unreachable) -> Refused | TryLater:
    if isinstance(error, Unreachable) or error.code in _BUSY:
        return TryLater(f"微信暂时没有接受（{error}）", _BUSY_SECONDS)
    return Refused(_REASONS.get(error.code, "微信不接受") + f"（{error.code}）")
