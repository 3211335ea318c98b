"""``hotline assistant replay``: dialogues through the real programs, on a line of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.dialogues import Dialogue
    from core.settings import Settings
    from service.dialogue_player import Played

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出结果")]
# A text door whose gateway is away: a code is kept to be sent, and read from there.
_TEXTS = {"HOTLINE_CARRIER_SECRET": "replay", "HOTLINE_CARRIER_URL": "http://127.0.0.1:9"}
_MARKS = {True: "✓", False: "✗", None: "·"}


def replay(
    file: Annotated[
        Path, typer.Argument(help="对话文件，每行一个 JSON：id、setup、turns、outcome")
    ],
    out: Annotated[
        Path | None, typer.Option(help="把逐轮记录写到这个文件（Markdown），默认打印")
    ] = None,
    only: Annotated[str, typer.Option(help="只重放这些编号，逗号分隔")] = "",
    as_json: Json = False,
) -> None:
    """逐段重放标注对话：另起一条热线和空库，按 setup 布置，记下实际答复与期望，结束后清除。"""
    from bot.dialogues import BadDialogues, read_dialogues
    from core.settings import load_settings
    from service.processes import StartFailed

    wanted = {name.strip() for name in only.split(",") if name.strip()}
    try:
        dialogues = [d for d in read_dialogues(file) if not wanted or d.id in wanted]
        if not dialogues:
            _fail(f"文件里没有编号 {only}")
        played = asyncio.run(_replay(load_settings(), dialogues))
    except BadDialogues as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"读不了文件：{error}")
    except StartFailed as error:
        _fail(f"{error}\n{error.tail}")
    text = "\n\n".join(transcript(one) for one in played)
    if out is not None:
        out.write_text(text + "\n", "utf-8")
    elif not as_json:
        typer.echo(text + "\n")
    figures = summary(played)
    typer.echo(json.dumps(figures, ensure_ascii=False) if as_json else _line(figures))


async def _replay(settings: Settings, dialogues: list[Dialogue]) -> list[Played]:
    from pydantic import SecretStr
    from rich.console import Console
    from rich.progress import Progress as Bar

    from bot.assistant import Assistant
    from bot.gateway import Gateway
    from core.database import Database
    from core.settings import get_settings
    from service.dialogue_player import DialoguePlayer
    from service.own_line import own_line
    from service.progress import Progress

    async with contextlib.AsyncExitStack() as stack:
        async with Progress(sys.stderr).step("另起一条热线"):
            ready = await stack.enter_async_context(own_line(settings, _TEXTS))
        get_settings.cache_clear()
        token = SecretStr(ready["secrets"]["HOTLINE_ASSISTANT_TOKEN"])
        its_own = {"assistant_url": ready["assistant"], "assistant_token": token}
        database = Database(ready["database_url"], pool=5)
        stack.push_async_callback(database.close)
        assistant = Assistant(get_settings().model_copy(update=its_own))
        stack.push_async_callback(assistant.close)
        player = await DialoguePlayer.load(database, Gateway(database, assistant))
        with Bar(console=Console(stderr=True)) as bar:
            return [await player.play(one) for one in bar.track(dialogues, description="重放")]


def summary(played: list[Played]) -> dict[str, Any]:
    """How many dialogues ended as expected, how many checks held, and which failed."""
    checks = [held for one in played for turn in one.turns for _, held in turn.checks]
    return {
        "dialogues": len(played),
        "as_expected": sum(one.as_expected for one in played),
        "turns": sum(len(one.turns) for one in played),
        "checks": {
            "passed": checks.count(True),
            "failed": checks.count(False),
            "untold": checks.count(None),
        },
        "failed": {one.dialogue.id: one.problems for one in played if not one.as_expected},
    }


def transcript(played: Played) -> str:
    """A dialogue as it went, with what was expected beside it."""
    dialogue = played.dialogue
    lines = [f"## {dialogue.id} {dialogue.title}（{dialogue.channel}）"]
    if played.missing:
        lines.append("未能布置：" + "；".join(played.missing))
    for turn in played.turns:
        lines.append(f"\n市民：{turn.user or turn.turn.input}")
        for reply in turn.replies:
            lines += [f"热线：{line}" for line in reply.text.splitlines()]
            if reply.choices:
                lines.append("      [" + "] [".join(c.title for c in reply.choices) + "]")
        lines.append(f"  期望：{turn.turn.expect}")
        lines.append("  " + "  ".join(f"{_MARKS[held]} {_name(c)}" for c, held in turn.checks))
    end = "✓ 与期望一致" if played.as_expected else "✗ " + "；".join(played.problems)
    return "\n".join([*lines, f"\n结局：{end}"])


def _name(check: Any) -> str:
    return " 或 ".join(check) if isinstance(check, list) else str(check)


def _line(figures: dict[str, Any]) -> str:
    checks = figures["checks"]
    return (
        f"{figures['dialogues']} 段对话，{figures['as_expected']} 段结局与期望一致；"
        f"检查点 {checks['passed']} 符合、{checks['failed']} 不符、{checks['untold']} 无法判断"
    )


def _fail(message: str) -> NoReturn:
    print(f"错误：{message}", file=sys.stderr)
    raise typer.Exit(1)
