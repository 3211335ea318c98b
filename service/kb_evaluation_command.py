"""``hotline kb evaluate``: how well questions find their item, on any items and questions."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.kb_command_tools import Json, fail
from service.kb_search_command import Encoders, entry_search

if TYPE_CHECKING:
    from kb.evaluation import Outcome, Question
    from kb.schemas import ItemRecord
    from kb.search import EntrySearch


def evaluate(
    items: Annotated[Path, typer.Option(help="事项文件，与 hotline kb import 能读的相同")],
    questions: Annotated[
        Path, typer.Option(help="问题文件，每行一个 JSON：question、kind、acceptable、field、value")
    ],
    mapping: Annotated[str, typer.Option(help="映射文件，或自带映射的名称")] = "guangdong",
    encoders: Encoders = True,
    as_json: Json = False,
) -> None:
    """测量检索：首位与前三位正确率、答案内容、该不该回答、每题毫秒、内存。不需要数据库。"""
    from kb.documents import document
    from kb.evaluation import BadQuestions, lines, measure, read_questions
    from kb.readers.reading import UnusableSource

    try:
        records, asked = _records(items, mapping), read_questions(questions)
    except (UnusableSource, BadQuestions) as error:
        fail(str(error))
    except (OSError, UnicodeDecodeError) as error:
        fail(f"读不了文件：{error}")
    search, names = entry_search([document(record) for record in records], encoders)
    figures: dict[str, Any] = measure(_outcomes(search, records, asked))
    figures["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    figures["encoders"] = names
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return
    for line in lines(figures):
        typer.echo(line)
    typer.echo(f"内存 {figures['memory_mb']} MB，句向量 {'、'.join(names) or '无'}")


def _records(path: Path, mapping: str) -> list[ItemRecord]:
    """The items of the file as the process would hold them; raises UnusableSource."""
    from kb.readers.sources import read_source
    from kb.schemas import ItemContent, ItemRecord

    found = (entry.content for entry in read_source(path, mapping=mapping).entries)
    return [
        ItemRecord.model_validate({**item.model_dump(), "unit_name": item.department or item.unit})
        for item in found
        if isinstance(item, ItemContent)
    ]


def _outcomes(
    search: EntrySearch, records: list[ItemRecord], questions: list[Question]
) -> list[Outcome]:
    from kb.answers import answer_text
    from kb.aspects import asked
    from kb.evaluation import DEPTH, Outcome, contains_value

    by_code = {record.code: record for record in records}
    today = max((record.valid_from for record in records), default=None)
    if today is None:
        return []
    # The first query pays for what is loaded lazily; a line that runs has long done so.
    search.search("你好，请问怎么办理", DEPTH, today)
    found: list[Outcome] = []
    with typer.progressbar(questions, label="提问", file=sys.stderr) as bar:
        for question in bar:
            begun = time.perf_counter()
            hits = search.search(question.text, DEPTH, today)
            taken = (time.perf_counter() - begun) * 1000
            told = None
            if question.value is not None:
                answer = answer_text(by_code[hits[0].code], asked(question.text)) if hits else ""
                told = contains_value(answer, question.value)
            score = hits[0].score if hits else 0.0
            codes = tuple(hit.code for hit in hits)
            found.append(Outcome(question, codes, score, taken, told))
    return found
