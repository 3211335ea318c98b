"""``hotline kb search``: which entries a question finds, how surely, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from service.kb_command_tools import Json, fail, with_database

if TYPE_CHECKING:
    from core.database import Database
    from kb.documents import Document
    from kb.schemas import Record
    from kb.search import EntrySearch

Encoders = Annotated[bool, typer.Option(help="使用句向量；--no-encoders 只按字词检索")]


def search(
    text: Annotated[str, typer.Argument(help="市民的问题")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="最多列出几条")] = 5,
    encoders: Encoders = True,
    as_json: Json = False,
) -> None:
    """在发布中的条目里检索：名次、把握、理由、单位和版本。"""
    from core.calendar import LOCAL
    from core.database import now
    from kb.documents import document

    if not text.strip():
        fail("请写出问题")
    records = {record.code: record for record in with_database(_published)}
    found, _ = entry_search([document(record) for record in records.values()], encoders)
    today = now().astimezone(LOCAL).date()
    hits = found.search(text, limit, today)
    if as_json:
        units = {hit.code: records[hit.code].unit_name for hit in hits}
        told = [{**asdict(hit), "unit_name": units[hit.code]} for hit in hits]
        typer.echo(json.dumps({"question": text, "hits": told}, ensure_ascii=False))
        return
    if not hits:
        typer.echo("没有找到相关的条目。")
    for rank, hit in enumerate(hits, 1):
        record = records[hit.code]
        typer.echo(f"{rank}. {hit.name}（{hit.code}，第{record.version}版）  把握 {hit.score:.2f}")
        typer.echo(f"   {record.unit_name}；{'；'.join(hit.reasons)}")


def entry_search(documents: Sequence[Document], encoders: bool) -> tuple[EntrySearch, list[str]]:
    """The search over ``documents``, and the names of the encoders it uses."""
    from core.settings import get_settings
    from kb.search import EntrySearch
    from language.e5 import load_ranker
    from language.encoder import Encoder, load_encoder
    from language.remembered import RememberingEncoder

    if not encoders:
        return EntrySearch(documents), []
    folder = get_settings().data_dir / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    loaded = load_encoder()
    if loaded is None:
        return EntrySearch(documents), []
    encoder: Encoder = RememberingEncoder(loaded, folder / "use-multilingual-3.npz")
    ranker = load_ranker(folder)
    names = ["use-multilingual-3", *(["multilingual-e5-small"] if ranker else [])]
    return EntrySearch(documents, encoder, ranker=ranker), names


async def _published(database: Database) -> list[Record]:
    from kb.repository import KnowledgeRepository

    async with database.sessions() as session:
        return await KnowledgeRepository(session).published()
