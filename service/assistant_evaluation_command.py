"""``hotline assistant evaluate``: how well labelled messages are understood, as a citizen is met.

The trained assistant is started for it on a free port; the rules of the gate and of the intake run
here, over the city's files. Nothing is stored and no database is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    import httpx

    from bot.evaluation import Pair, Understood, Utterance
    from intake.service import Intake
    from service.processes import Child

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出结果")]
_START_SECONDS = 180


def evaluate(
    file: Annotated[
        Path,
        typer.Argument(help="带标签的话，每行一个 JSON：text、act、triage、type、place、time …"),
    ],
    as_json: Json = False,
) -> None:
    """测量听懂的程度：意图、五种去向、紧急、类型、地点、时间、单位、毫秒。模型没有训练时先训练。"""
    from bot.evaluation import BadUtterances, lines, measure, read_utterances
    from core.settings import load_settings
    from service.processes import StartFailed

    try:
        utterances = read_utterances(file)
        pairs = asyncio.run(_evaluate(load_settings().data_dir, utterances))
    except (BadUtterances, StartFailed) as error:
        _fail(str(error))
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"读不了文件：{error}")
    if as_json:
        typer.echo(json.dumps(measure(pairs), ensure_ascii=False))
        return
    for line in lines(pairs):
        typer.echo(line)


async def _evaluate(data_dir: Path, utterances: list[Utterance]) -> list[Pair]:
    from core.settings import load_settings
    from service.routing_advice import intake_from_files

    intake = await asyncio.to_thread(intake_from_files, load_settings())
    async with running_assistant(data_dir) as client:
        # The first message pays for what is loaded lazily; a line that runs has long done so.
        await understood(client, intake, utterances[0])
        with typer.progressbar(utterances, label="听", file=sys.stderr) as bar:
            return [(u, await understood(client, intake, u)) for u in bar]


async def understood(client: httpx.AsyncClient, intake: Intake, u: Utterance) -> Understood:
    """What the line makes of a message that begins a talk."""
    from bot.evaluation import Understood
    from bot.understanding import at_the_gate, understand
    from cases.vocabulary import TYPE_NAMES, CaseType

    begun = time.perf_counter()
    found = at_the_gate(u.text)
    if found is None:
        answer = await client.post("/webhooks/hotline/parse", json={"text": u.text})
        intent = answer.raise_for_status().json()["intent"]
        found = understand(u.text, intent["name"], intent["confidence"])
    reading = intake.reading(u.text)
    return Understood(
        act=found.act,
        triage=found.decision.label if found.decision else None,
        type=TYPE_NAMES[reading.type or CaseType.COMPLAINT],
        place=reading.places,
        time=reading.times,
        kinds=reading.kinds,
        milliseconds=(time.perf_counter() - begun) * 1000,
    )


@contextlib.asynccontextmanager
async def running_assistant(data_dir: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The trained assistant on a free port, for reading only. Raises StartFailed."""
    import httpx

    from service import assistant_process
    from service.launcher import make_data_dir

    data_dir = make_data_dir(data_dir)
    model = assistant_process.model_path(data_dir)
    if not model.exists():
        await assistant_process.train(data_dir)
    port, token = _free_port(), secrets.token_hex(16)
    variables = {
        "HOTLINE_ASSISTANT_TOKEN": token,
        # Reading a message touches neither memory nor actions.
        "HOTLINE_TRACKER_URL": "postgresql://127.0.0.1/none",
        "HOTLINE_ACTIONS_URL": "http://127.0.0.1:9/none",
    }
    child = assistant_process.assistant(model, port, data_dir, variables)
    await child.start()
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"X-Hotline-Token": token},
            trust_env=False,
            timeout=30,
        ) as client:
            await _ready(client, child)
            yield client
    finally:
        await child.stop()


async def _ready(client: httpx.AsyncClient, child: Child) -> None:
    import httpx

    from service.processes import StartFailed, tail

    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and child.pid is not None:
        with contextlib.suppress(httpx.HTTPError):
            if (await client.get("/webhooks/hotline/ready")).status_code == 200:
                return
        await asyncio.sleep(0.5)
    raise StartFailed("助手没有就绪", tail(child.log))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fail(message: str) -> NoReturn:
    typer.echo(f"错误：{message}", err=True)
    raise typer.Exit(1)
