"""``hotline routing``: learn topics from a file, measure, recommend a unit, replay past cases."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from routing.evaluation import Table
    from routing.learn import Encoder
    from service.routing_advice import Advice

app = typer.Typer(
    help="派单：学习与测量分类、推荐承办单位、用历史工单比对目录。",
    no_args_is_help=True,
    epilog="退出码：0 完成；1 已说明原因的失败；2 用法错误。",
)
Json = Annotated[bool, typer.Option("--json", help="以 JSON 输出结果")]
Text = Annotated[str, typer.Option(help="文字所在的列，逗号分隔；第一列当作标题")]
Label = Annotated[str, typer.Option(help="标签所在的列")]
FILE_HELP = "CSV 或 JSONL 文件（UTF-8 或 GB18030）"


@app.command("train")
def train(
    file: Annotated[Path, typer.Argument(help=FILE_HELP)],
    text: Text = "title,detail",
    label: Label = "label",
    out: Annotated[Path | None, typer.Option(help="模型写到这个文件")] = None,
    as_json: Json = False,
) -> None:
    """从带标签的文件学习分类，写成模型文件，供 evaluate --model 使用。"""
    from core.settings import get_settings
    from routing.learn import INNER_FOLDS, TextClassifier

    table = _table(file, text, label)
    target = out or get_settings().data_dir / "models" / f"topics-{file.stem}.model"
    with _bar("训练", INNER_FOLDS + 1) as tick, _chinese_errors():
        TextClassifier(table.rows, table.labels, _encoder(table), tick).save(target)
    labels = sorted(set(table.labels))
    result = {"model": str(target), "n": len(table.rows), "labels": labels}
    _report(result, f"{len(table.rows)} 行，{len(labels)} 个标签，模型：{target}", as_json)


@app.command("evaluate")
def evaluate(
    file: Annotated[Path | None, typer.Argument(help=f"{FILE_HELP}，与 --train 相同")] = None,
    train: Annotated[Path | None, typer.Option(help="学习用的文件")] = None,
    test: Annotated[Path | None, typer.Option(help="测试用的文件；不给就交叉验证")] = None,
    model: Annotated[Path | None, typer.Option(help="已训练的模型，代替 --train")] = None,
    text: Text = "title,detail",
    label: Label = "label",
    folds: Annotated[int, typer.Option(min=2, max=50, help="交叉验证的折数")] = 5,
    as_json: Json = False,
) -> None:
    """测量分类：准确率、宏 F1、校准误差、97% 准确率下可自动处理的比例、每个标签。"""
    from routing.evaluation import measure

    source = train or file
    if model is not None and test is not None:
        table = _table(test, text, label)
        figures = measure(*_with_model(model, table))
    elif source is None:
        _fail("请给出数据文件，例如 hotline routing evaluate 文件.csv --folds 5")
    elif test is not None:
        learnt, tested = _table(source, text, label), _table(test, text, label)
        figures = measure(*_with_test(learnt, tested))
    else:
        figures = measure(*_across(_table(source, text, label), folds))
    _report(figures, _figures(figures), as_json)


@app.command("curve")
def curve(
    file: Annotated[Path, typer.Argument(help=FILE_HELP)],
    text: Text = "title,detail",
    label: Label = "label",
    as_json: Json = False,
) -> None:
    """学习曲线：数据再多一些，会不会更好。"""
    from routing.evaluation import CURVE_SHARES
    from routing.evaluation import curve as grow
    from routing.learn import INNER_FOLDS

    table = _table(file, text, label)
    with _bar("学习曲线", len(CURVE_SHARES) * (INNER_FOLDS + 1)) as tick, _chinese_errors():
        points = grow(table, _encoder(table), tick)
    lines = [
        f"{p['rows']:>7.0f} 行  准确率 {p['accuracy']:.3f}  宏 F1 {p['f1']:.3f}" for p in points
    ]
    _report({"points": points}, "\n".join(lines), as_json)


@app.command("recommend")
def recommend(
    text: Annotated[str, typer.Argument(help="诉求原话")],
    as_json: Json = False,
) -> None:
    """推荐承办单位：名次、把握、理由、类别、地点，以及是否会自动派单。

    热线在运行（或设了 DATABASE_URL）时用数据库里的目录，否则用 city 文件夹里的。
    """
    from core.settings import get_settings
    from service.routing_advice import advise

    if not text.strip():
        _fail("请写出诉求内容")
    with _bar("学习目录与示例", 1) as tick, _chinese_errors():
        advice = advise(get_settings(), text)
        tick()
    _report(advice.to_json(), _told(advice), as_json)


@app.command("replay")
def replay(
    catalogue: Annotated[
        Path | None, typer.Option(help="改后的派单目录文件；不给就用控制台里的草稿")
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="用控制台里的草稿")] = False,
    limit: Annotated[int, typer.Option(min=1, help="比对最近办结的多少件")] = 1000,
    as_json: Json = False,
) -> None:
    """历史工单在改后的目录下会派到哪里，派得对不对。"""
    from core.settings import get_settings
    from service.line_database import NO_DATABASE, database_url
    from service.replay_command import NothingToReplay, run

    if draft and catalogue is not None:
        raise typer.BadParameter("--draft 和 --catalogue 只能用一个")
    url = database_url(get_settings())
    if url is None:
        _fail(NO_DATABASE)
    try:
        with _chinese_errors():
            run(url, catalogue, limit, as_json)
    except NothingToReplay as error:
        _fail(str(error))


def _table(path: Path, text: str, label: str) -> Table:
    from routing.evaluation import BadTable, read_table

    columns = [name.strip() for name in text.split(",") if name.strip()]
    if not columns:
        _fail("--text 至少要有一列")
    try:
        return read_table(path, columns, label)
    except BadTable as error:
        _fail(str(error))


def _across(table: Table, folds: int) -> tuple[Any, Any, list[str]]:
    from routing.evaluation import across, scarce, steps

    rare = scarce(table.labels, folds)
    if rare:
        print(
            f"提示：{len(rare)} 个标签不足 {folds} 行，有的折里学不到：{'、'.join(rare[:5])}",
            file=sys.stderr,
        )
    with _bar("交叉验证", steps(folds)) as tick, _chinese_errors():
        return across(table, folds, _encoder(table), tick)


def _with_test(learnt: Table, tested: Table) -> tuple[Any, Any, list[str]]:
    from routing.evaluation import truth_for
    from routing.learn import INNER_FOLDS, TextClassifier

    with _bar("训练与测试", INNER_FOLDS + 2) as tick, _chinese_errors():
        model = TextClassifier(learnt.rows, learnt.labels, _encoder(learnt), tick)
        probabilities = model.probabilities(tested.rows)
        tick()
    return probabilities, truth_for(tested.labels, model.labels), model.labels


def _with_model(path: Path, tested: Table) -> tuple[Any, Any, list[str]]:
    from routing.evaluation import truth_for
    from routing.learn import TextClassifier

    if not path.exists():
        _fail(f"找不到模型文件：{path}")
    with _bar("测试", 1) as tick, _chinese_errors():
        model = TextClassifier.open(path, _sentence_encoder())
        probabilities = model.probabilities(tested.rows)
        tick()
    return probabilities, truth_for(tested.labels, model.labels), model.labels


def _encoder(table: Table) -> Encoder | None:
    from routing.learn import MEANING_UP_TO

    return _sentence_encoder() if len(table.rows) <= MEANING_UP_TO else None


def _sentence_encoder() -> Encoder | None:
    from language.e5 import load_ranker

    # Of the two encoders the one that ranks names well: labels are told apart by it.
    ranker = load_ranker()
    return (lambda texts: ranker.texts.encode(list(texts))) if ranker else None


@contextmanager
def _bar(label: str, length: int) -> Iterator[Callable[[], None]]:
    from threadpoolctl import threadpool_limits

    with (
        threadpool_limits(limits=1, user_api="blas"),
        typer.progressbar(length=length, label=label, file=sys.stderr) as bar,
    ):
        bar.render_progress()
        yield lambda: bar.update(1)


@contextmanager
def _chinese_errors() -> Iterator[None]:
    """What is wrong with data or surroundings ends the command with its sentence."""
    from core.errors import HotlineError
    from routing.evaluation import BadTable

    try:
        yield
    except (BadTable, HotlineError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"读写文件出错：{error.strerror or error}")
    except ValueError as error:
        _fail(f"数据不合适：{error}")


def _figures(figures: dict[str, Any]) -> str:
    rows: list[Sequence[Any]] = [
        (name, f["n"], f["precision"], f["recall"], f["f1"])
        for name, f in figures["per_label"].items()
    ]
    lines = [
        f"{figures['n']} 行  准确率 {figures['accuracy']:.4f}  宏 F1 {figures['macro_f1']:.4f}",
        f"校准误差 {figures['ece']:.4f}  97% 准确率下可自动处理 {figures['coverage_at_97']:.1%}",
        "   行数  准确率  召回率     F1  标签",
        *(f"{n:>7}  {p:>6.3f}  {r:>6.3f}  {f1:>5.3f}  {name}" for name, n, p, r, f1 in rows),
    ]
    return "\n".join(lines)


def _told(advice: Advice) -> str:
    lines = [f"类别：{advice.category_path or '看不出'}", f"地点：{advice.place or '没有说到'}"]
    for rank, unit in enumerate(advice.units, 1):
        lines.append(f"{rank}. {unit.name}  把握 {unit.score:.2f}")
        lines.append("   " + "；".join(unit.reasons))
    lines.append("自动派单：" + ("是" if advice.automatic else "否，由派单员确定"))
    return "\n".join([*lines, f"依据：{advice.source}"])


def _report(result: dict[str, Any], text: str, as_json: bool) -> None:
    print(json.dumps(result, ensure_ascii=False) if as_json else text)


def _fail(message: str) -> NoReturn:
    print(f"错误：{message}", file=sys.stderr)
    raise typer.Exit(1)
