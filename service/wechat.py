"""Wires the WeChat door and its channel, when the city has set an account up."""

from __future__ import annotations

from contextlib import AsyncExitStack

from bot.gateway import Gateway
from core.database import Database
from core.settings import Settings
from integrations.wechat.account import account_of
from integrations.wechat.channel import WeChatChannel
from integrations.wechat.door import Door
from integrations.wechat.platform import Platform
from notices.channels import register


async def open_door(
    stack: AsyncExitStack, settings: Settings, database: Database, gateway: Gateway
) -> Door | None:
    """The door, which closes with ``stack``; None without an account."""
    platform = connect_channel(stack, settings, database)
    account = account_of(settings)
    if platform is None or account is None:
        return None
    door = Door(account, database, gateway, platform)
    stack.push_async_callback(door.close)
    return door


def connect_channel(
    stack: AsyncExitStack, settings: Settings, database: Database
) -> Platform | None:
    """Let what is told later go out through WeChat; None without an account."""
    account = account_of(settings)
    if account is None:
        return None
    platform = Platform(account, database)
    stack.push_async_callback(platform.close)
    register(WeChatChannel(account, database, platform), pushes_lines=True)
    return platform
