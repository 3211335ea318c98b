"""Finding cases by words: what is found, what is not, and that odd input finds nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import cast, literal, select
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from town import DISPATCHER, Register

from cases.repository import CaseFilter, CaseRepository
from cases.search import index_text, query_of
from core.database import Database

TEXT = ("2608050000123", "望湖路路灯不亮", "100%的积水_深，ＡＢＣ大厦3号楼 东门", "望湖路128号")
FOUND = [
    "2608050000123",
    "260805",
    "0123",
    "23",
    "灯",
    "亮",
    "路灯",
    "望湖路路灯",
    "望湖路128号",
    "28号",
    "8号",
    "128",
    "路1",
    "路12",
    "128号",
    "C大厦3号楼",
    "厦3",
    "3号楼 东",
    "深，A",
    "100%",
    "100％的",
    "积水_",
    "积水，深",
    "abc",
    "AbC大厦",
    "望湖 积水",
    "东门  楼",
    "“路灯”",
]
MISSING = [
    "路_灯",
    "灯路",
    "亮望",
    "不亮100",
    "12345",
    "28号楼",
    "12号",
    "路2",
    "路28",
    "厦3楼",
    "深A",
    "1号",
    "湖灯",
    "积水深",
    "望湖 消防",
    "abd",
    "楼望",
]
NOTHING = ["", " ", "%_", "'", "\\", "<->", "!&|", ":*", "\x00", "😀"]


async def _matches(database: Database, text: str) -> bool:
    query = query_of(text)
    if query is None:
        return False
    vector = cast(literal(index_text(*TEXT)), TSVECTOR)
    async with database.unit_of_work() as session:
        return bool(await session.scalar(select(vector.bool_op("@@")(cast(query, TSQUERY)))))


async def test_what_is_contained_is_found(schema: Database) -> None:
    for text in FOUND:
        assert await _matches(schema, text), text


async def test_what_is_not_contained_is_not_found(schema: Database) -> None:
    for text in MISSING:
        assert not await _matches(schema, text), text


@pytest.mark.parametrize("text", NOTHING)
def test_without_letter_or_digit_nothing_is_looked_for(text: str) -> None:
    assert query_of(text) is None


async def test_every_query_can_be_read_by_the_database(schema: Database) -> None:
    odd = "a'b\\c <-> d:* !路&灯|(x) \u3000 “引” ß İ ﬁ ①² 𠮷野 " + "长" * 200
    for start in range(len(odd)):
        await _matches(schema, odd[start:])


async def test_long_texts_are_indexed_whole(city: Database, file: Register) -> None:
    done = await file(detail="水" * 19_000 + "井盖")
    for text, expected in [("井盖", 1), ("水水", 1), ("盖井", 0)]:
        async with city.unit_of_work() as session:
            page = await CaseRepository(session, DISPATCHER).queue(CaseFilter(text=text))
        assert page.total == expected, text
    assert done.number
