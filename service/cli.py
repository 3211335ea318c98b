"""The command ``hotline``.

Exit codes: 0 done (a line that was asked to stop has done its work), 1 an expected failure told
in one sentence on stderr, 2 wrong usage. Everything heavy is imported when it is needed, so that
help is instant.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from service import (
    assistant_evaluation_command,
    assistant_replay_command,
    kb_commands,
    review_report_command,
    reviews_commands,
    routing_commands,
    wechat_command,
)

if TYPE_CHECKING:
    from core.settings import Settings

EPILOG = "退出码：0 完成；1 已说明原因的失败；2 用法错误。"
app = typer.Typer(
    name="hotline",
    help="12345 政务服务便民热线。设置来自环境变量或项目文件夹里的 .env。",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
assistant_app = typer.Typer(help="助手（Rasa）：训练、评测。", no_args_is_help=True, epilog=EPILOG)
bench_app = typer.Typer(help="测量：每秒轮数、时延。", no_args_is_help=True, epilog=EPILOG)
reviews_commands.app.command("report")(review_report_command.report)
assistant_app.command("replay")(assistant_replay_command.replay)
assistant_app.command("evaluate")(assistant_evaluation_command.evaluate)
app.add_typer(assistant_app, name="assistant")
app.add_typer(bench_app, name="bench")
app.add_typer(routing_commands.app, name="routing")
app.add_typer(kb_commands.app, name="kb")
app.add_typer(reviews_commands.app, name="reviews")
app.add_typer(wechat_command.app, name="wechat")

Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出结果")]


@app.command()
def run(
    ready_file: Annotated[
        Path | None,
        typer.Option(help="就绪及每次恢复后，把地址、进程号等写入这个 JSON 文件"),
    ] = None,
) -> None:
    """启动整条热线（数据库、助手、服务），守护它们，直到 Ctrl-C。"""
    from service.launcher import launch
    from service.processes import StartFailed

    try:
        launch(_settings(), ready_file.resolve() if ready_file else None)
    except StartFailed as error:
        _fail(str(error), error.tail)


@app.command()
def migrate(
    new: Annotated[
        str | None, typer.Option(help="开发用：按模型与数据库的差异写一个新的迁移，参数是说明")
    ] = None,
    as_json: Json = False,
) -> None:
    """把数据库的表结构升级到最新。"""
    from sqlalchemy.exc import OperationalError

    from service import migrations

    url = _database_url(_settings())
    try:
        if new is not None:
            path = migrations.revise(url, new)
            _report({"written": str(path)}, f"已写入 {path}", as_json)
            return
        before, after = migrations.upgrade(url)
    except OperationalError as error:
        _fail(f"连不上数据库：{' '.join(str(error.orig).split())}")
    told = f"表结构已是最新（{after}）" if before == after else f"已从 {before} 升级到 {after}"
    _report({"before": before, "after": after}, told, as_json)


@app.command()
def worker() -> None:
    """单独运行后台任务（多台机器时用；单机时服务里已有）。"""
    settings = _settings()
    os.environ["DATABASE_URL"] = _database_url(settings)
    from service.worker import main as work

    work()


@assistant_app.command("train")
def train(
    force: Annotated[bool, typer.Option(help="输入没有变化也重新训练")] = False,
    as_json: Json = False,
) -> None:
    """输入有变化时训练助手；下次启动时使用新模型。"""
    import asyncio

    from service import assistant_process
    from service.launcher import make_data_dir
    from service.processes import StartFailed
    from service.progress import Progress

    async def work() -> Path:
        async with Progress(sys.stderr).step("训练助手"):
            return await assistant_process.train(data_dir)

    try:
        data_dir = make_data_dir(_data_dir(_settings()))
        model = assistant_process.model_path(data_dir)
        trained = force or not model.exists()
        if trained:
            model = asyncio.run(work())
    except StartFailed as error:
        _fail(str(error), error.tail)
    told = f"模型：{model}" if trained else f"输入没有变化，模型：{model}"
    _report({"model": str(model), "trained": trained}, told, as_json)


@bench_app.command("turns")
def bench_turns(
    clients: Annotated[str, typer.Option(help="并发数，逗号分隔")] = "1,8,32",
    seconds: Annotated[float, typer.Option(min=1, help="每档测量的秒数")] = 20.0,
    as_json: Json = False,
) -> None:
    """完整对话轮：每秒轮数与 p50/p95/p99，与裸助手在同一次运行中比较。"""
    from service.bench import turns
    from service.processes import StartFailed

    try:
        levels = [int(part) for part in clients.split(",")]
    except ValueError:
        raise typer.BadParameter("应是以逗号分隔的整数，如 1,8,32") from None
    try:
        turns(_settings(), levels, seconds, as_json)
    except StartFailed as error:
        _fail(str(error), error.tail)


@bench_app.command("pipelines")
def bench_pipelines(
    clients: Annotated[int, typer.Option(min=1, help="并发数")] = 4,
    seconds: Annotated[float, typer.Option(min=1, help="每个流程测量的秒数")] = 20.0,
    as_json: Json = False,
) -> None:
    """裸助手的完整轮：现用的理解流程与普通线性流程（词频加逻辑回归），在同一次运行中比较。"""
    from service.bench_pipelines import pipelines
    from service.processes import StartFailed

    try:
        pipelines(_settings(), clients, seconds, as_json)
    except StartFailed as error:
        _fail(str(error), error.tail)


@bench_app.command("cases")
def bench_cases(
    cases: Annotated[int, typer.Option(min=500, help="工单数")] = 200_000,
    database: Annotated[
        str | None,
        typer.Option(help="在这个 PostgreSQL 服务器上建测量库（默认 DATABASE_URL 所在的）"),
    ] = None,
    runs: Annotated[int, typer.Option(min=2, help="每项测量的次数")] = 200,
    keep: Annotated[bool, typer.Option(help="保留测量库，下次直接使用")] = False,
    as_json: Json = False,
) -> None:
    """大量工单下的派单台、单位台、搜索、工单页和登记：p50/p95/p99，并检查有没有整表扫描。"""
    from psycopg import Error

    from service import bench_cases as bench

    settings = _settings()
    server = database or _database_url(settings)
    try:
        found = bench.run(settings, server, cases, runs=runs, keep=keep, as_json=as_json)
    except (Error, RuntimeError) as error:
        _fail(f"测量没有完成：{' '.join(str(error).split())}")
    # On few rows reading everything is the quickest way, and the planner knows it.
    if found and cases >= bench.MANY:
        _fail(f"有 {len(found)} 种语句整表扫描：" + "；".join(found))


@bench_app.command("reviews")
def bench_reviews(
    records: Annotated[int, typer.Option(min=1000, help="办件数")] = 100_000,
    reviews: Annotated[int, typer.Option(min=100, help="评价数")] = 30_000,
    seed: Annotated[int, typer.Option(help="生成的种子；1 和 2 用于定权重")] = 20260701,
    database: Annotated[
        str | None,
        typer.Option(help="在这个 PostgreSQL 服务器上建测量库（默认 DATABASE_URL 所在的）"),
    ] = None,
    as_json: Json = False,
) -> None:
    """一个月的办件和评价：导入和关联的时间，关联的准确率和召回率。"""
    from psycopg import Error

    from service import bench_reviews as bench

    settings = _settings()
    try:
        found = bench.run(settings, database or _database_url(settings), records, reviews, seed)
    except (Error, RuntimeError) as error:
        _fail(f"测量没有完成：{' '.join(str(error).split())}")
    linking, seconds = found["linking"], found["seconds"]
    told = (
        f"办件 {found['records']}，评价 {found['reviews']}；准确率 {linking['precision']:.2%}，"
        f"召回率 {linking['recall']:.2%}；直接关联 {linking['auto']}，关联台 {linking['desk']}，"
        f"没有线索 {linking['none']}；差评 {found['bad']}，开整改 {found['rectification']['opened']}；"
        f"导入 {seconds['import']} 秒，关联 {seconds['link']} 秒"
    )
    _report(found, told, as_json)


def _settings() -> Settings:
    """The settings, or the end with a sentence that names the variable that does not fit."""
    from pydantic import ValidationError

    from core.settings import load_settings

    try:
        return load_settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        name = name if name.startswith(("HOTLINE_", "DATABASE_")) else f"HOTLINE_{name}"
        limits = first.get("ctx", {})
        wanted = {
            "int_parsing": "应是整数",
            "float_parsing": "应是数字",
            "bool_parsing": "应是 true 或 false",
            "greater_than": f"应大于 {limits.get('gt')}",
            "greater_than_equal": f"应不小于 {limits.get('ge')}",
            "less_than_equal": f"应不大于 {limits.get('le')}",
        }.get(first["type"], "格式不对")
        _fail(f"设置 {name}={first['input']} 不合适，{wanted}")


def _data_dir(settings: Settings) -> Path:
    from core.settings import ROOT

    return (ROOT / settings.data_dir).resolve()


def _database_url(settings: Settings) -> str:
    """``DATABASE_URL``, else the embedded database's own, which ``hotline run`` serves."""
    from service import keys
    from service.launcher import embedded_url

    if settings.database_url:
        return settings.database_url
    secrets = keys.read(_data_dir(settings))
    if keys.DATABASE_PASSWORD not in secrets:
        from service.line_database import NO_DATABASE

        _fail(NO_DATABASE)
    return embedded_url(settings, secrets)


def _report(result: dict[str, Any], text: str, as_json: bool) -> None:
    print(json.dumps(result, ensure_ascii=False) if as_json else text)


def _fail(message: str, tail: str = "") -> NoReturn:
    if tail:
        print(f"—— 最后的输出 ——\n{tail}\n——", file=sys.stderr)
    print(f"错误：{message}", file=sys.stderr)
    raise typer.Exit(1)


def main() -> None:
    """Entry point of the command."""
    app()


if __name__ == "__main__":
    main()


if __name__ == "__main__":
    main()
