"""The open interface for grass-roots and neighbouring systems: entries, and what changed since.

Only what citizens may be told: published entries in full, of others that and when they ended.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from core.database import Database
from core.errors import NotFound
from core.wire import error_responses
from kb.models import Entry, EntryVersion
from kb.repository import KnowledgeRepository, content_of
from kb.schemas import Kind, Status

router = APIRouter(prefix="/api/knowledge", tags=["知识库"])

_MOST = 200
Code = Annotated[
    str,
    Path(
        pattern=r"^[A-Z0-9-]+$", max_length=64, description="条目编码", examples=["SL-POLICE-001"]
    ),
]


class KnowledgeEntry(BaseModel):
    """An entry as it holds now; ``content`` only while it is published."""

    code: str
    kind: Kind = Field(description="事项 item、政策 policy、一件事 life_event、公告 notice")
    name: str
    unit: str = Field(description="承办单位编码")
    status: Status = Field(description="published 发布中；withdrawn 已撤下、void 已作废，请删去")
    version: int
    valid_from: date = Field(description="从这一天起可以据以答复")
    valid_to: date | None = Field(description="到这一天为止，空为长期；之外不得据以答复")
    change: int = Field(description="变更序号，全库递增")
    updated_at: datetime
    content: dict[str, Any] | None = Field(description="全部内容，只在发布中时有")


class KnowledgePage(BaseModel):
    """A page of entries, by ``change``."""

    entries: list[KnowledgeEntry]
    next: str | None = Field(description="下一页的 cursor；空：已到最后")
    latest: int = Field(description="目前最大的变更序号；取完各页后存下，下次用作 since")


class KnowledgeVersion(BaseModel):
    """What an entry was from ``at`` on; ``content`` only of published versions of a published entry."""

    version: int
    status: Status
    name: str
    unit: str
    valid_from: date
    valid_to: date | None
    at: datetime
    content: dict[str, Any] | None


class KnowledgeVersions(BaseModel):
    """Every version, the newest first."""

    code: str
    versions: list[KnowledgeVersion]


@router.get(
    "/entries",
    summary="知识库条目，及某次之后的变更",
    responses=error_responses({422: "参数不符合要求"}),
)
async def list_entries(
    request: Request,
    since: Annotated[int, Query(ge=0, lt=2**63, description="只要变更序号大于它的；0 为全部")] = 0,
    kind: Annotated[Kind | None, Query(description="只要这一类")] = None,
    unit: Annotated[
        str | None,
        Query(
            pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$",
            max_length=64,
            description="只要这个单位（编码）现在负责的；转给别的单位的不再列出",
        ),
    ] = None,
    page_size: Annotated[int, Query(ge=1, le=_MOST, description="每页多少条")] = 50,
    cursor: Annotated[
        str | None, Query(pattern=r"^\d{1,18}$", description="上一页的 next，代替 since")
    ] = None,
) -> KnowledgePage:
    """Entries in the order of their last change; ended ones without content.

    An entry that changes while pages are read moves to the end, so it is read again and never
    missed: numbers of changes become visible in their order (`KnowledgeRepository.lock`).
    Whoever keeps a copy asks for all, then now and then for what came ``since`` the ``latest`` of
    the first page.
    """
    database: Database = request.app.state.database
    after = since if cursor is None else int(cursor)
    async with database.unit_of_work() as session:
        repository = KnowledgeRepository(session)
        latest = await repository.latest_change()
        rows = await repository.changed_since(after, kind=kind, unit=unit, limit=page_size + 1)
    page = [_entry(row) for row in rows[:page_size]]
    following = str(page[-1].change) if len(rows) > page_size else None
    return KnowledgePage(entries=page, next=following, latest=latest)


@router.get(
    "/entries/{code}",
    summary="一个知识库条目",
    responses=error_responses({404: "没有这个条目", 422: "参数不符合要求"}),
)
async def get_entry(request: Request, code: Code) -> KnowledgeEntry:
    """The entry as it holds now; an ended one without content."""
    database: Database = request.app.state.database
    async with database.unit_of_work() as session:
        row = await KnowledgeRepository(session).entry(code)
    if row is None:
        raise NotFound("没有这个条目")
    return _entry(row)


@router.get(
    "/entries/{code}/versions",
    summary="一个知识库条目的历次版本",
    responses=error_responses({404: "没有这个条目", 422: "参数不符合要求"}),
)
async def list_versions(request: Request, code: Code) -> KnowledgeVersions:
    """What the entry said and when; who wrote it and why is the staff's own."""
    database: Database = request.app.state.database
    async with database.unit_of_work() as session:
        repository = KnowledgeRepository(session)
        row = await repository.entry(code)
        versions = await repository.versions(code)
    if row is None:
        raise NotFound("没有这个条目")
    public = row.status == Status.PUBLISHED
    return KnowledgeVersions(code=code, versions=[_version(one, public) for one in versions])


def _entry(row: Entry) -> KnowledgeEntry:
    return KnowledgeEntry(
        code=row.code,
        kind=Kind(row.kind),
        name=row.name,
        unit=row.unit,
        status=Status(row.status),
        version=row.version,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        change=row.change,
        updated_at=row.updated_at,
        content=_content(row),
    )


def _version(row: EntryVersion, public: bool) -> KnowledgeVersion:
    return KnowledgeVersion(
        version=row.version,
        status=Status(row.status),
        name=str(row.content["name"]),
        unit=row.unit,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        at=row.at,
        content=_content(row) if public else None,
    )


def _content(row: Entry | EntryVersion) -> dict[str, Any] | None:
    if row.status != Status.PUBLISHED:
        return None
    return content_of(row).model_dump(mode="json")
