"""``hotline wechat``: the official account from the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from service.kb_command_tools import Json, fail, with_database

if TYPE_CHECKING:
    from core.database import Database

app = typer.Typer(
    help="微信公众号。",
    no_args_is_help=True,
    epilog="退出码：0 完成；1 已说明原因的失败；2 用法错误。",
)


@app.callback()
def wechat() -> None:
    """微信公众号。"""


@app.command("menu")
def menu(as_json: Json = False) -> None:
    """把对话下方的菜单发布到公众号。"""
    from core.settings import get_settings
    from integrations.wechat.account import account_of
    from integrations.wechat.menu import buttons
    from integrations.wechat.platform import Platform, PlatformError, Unclear, Unreachable

    account = account_of(get_settings())
    if account is None:
        fail("没有设置公众号，请先填 HOTLINE_WECHAT_APP_ID 等（见 .env.example）")
    published = buttons(account.address)

    async def publish(database: Database) -> bool:
        platform = Platform(account, database)
        try:
            await platform.publish_menu(published)
        finally:
            await platform.close()
        return True

    try:
        with_database(publish)
    except (PlatformError, Unreachable, Unclear) as error:
        fail(f"微信没有接受菜单：{error}")
    names = "、".join(str(button["name"]) for button in published)
    told = json.dumps({"button": published}, ensure_ascii=False) if as_json else f"已发布：{names}"
    typer.echo(told)
