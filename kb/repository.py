"""All SQL about items. Citizens see published items only; expired ones are told apart by date."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from kb.models import Item, ItemAlias, ItemFee, ItemMaterial, ItemWindow
from kb.schemas import ItemContent, ItemRecord, Status
from units.models import Unit


class ItemRepository:
    """Reads and writes items, and announces changes."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def rows(self) -> Sequence[Item]:
        """Every item with its parts, also withdrawn ones, by code."""
        query = (
            select(Item)
            .options(
                selectinload(Item.aliases),
                selectinload(Item.materials),
                selectinload(Item.windows),
                selectinload(Item.fees),
            )
            .order_by(Item.code)
        )
        return (await self.session.scalars(query)).all()

    async def published(self) -> list[ItemRecord]:
        """Every published item, also those outside their validity, by code."""
        units = {
            code: (name, phone)
            for code, name, phone in await self.session.execute(
                select(Unit.code, Unit.name, Unit.phone)
            )
        }
        return [
            to_record(row, *units[row.unit])
            for row in await self.rows()
            if row.status == Status.PUBLISHED
        ]

    async def unit_codes(self) -> frozenset[str]:
        """Codes of the active units."""
        return frozenset(await self.session.scalars(select(Unit.code).where(Unit.active)))

    async def lock(self) -> None:
        """Let one loader in at a time, until the transaction ends."""
        await self.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("kb.load"))))

    async def announce(self) -> None:
        """Tell every process, at commit, that items changed."""
        await self.session.execute(select(func.pg_notify("kb_changed", "")))


def write(row: Item, content: ItemContent) -> None:
    """Put ``content`` into ``row`` and its parts; version, status and fingerprint stay."""
    plain = content.model_dump(mode="json")
    for field in (
        "name", "unit", "type", "audience", "level", "theme", "summary", "questions",
        "conditions", "process", "limits", "online", "visits", "result", "phones", "agent",
        "legal_basis", "faq",
    ):  # fmt: skip
        setattr(row, field, plain[field])
    row.valid_from, row.valid_to = content.valid_from, content.valid_to
    row.charged, row.fee_basis = content.fees.charged, content.fees.basis
    row.aliases = [ItemAlias(place=i, name=name) for i, name in enumerate(content.aliases)]
    row.fees = [
        ItemFee(place=i, name=fee.name, amount=fee.amount)
        for i, fee in enumerate(content.fees.items)
    ]
    row.materials = [
        ItemMaterial(place=i, condition=m.when, **m.model_dump(exclude={"when"}))
        for i, m in enumerate(content.materials)
    ]
    row.windows = [
        ItemWindow(place=i, **window.model_dump()) for i, window in enumerate(content.windows)
    ]


def to_record(row: Item, unit_name: str, unit_phone: str) -> ItemRecord:
    """The item as the process holds it. Stored rows were checked on their way in."""
    return ItemRecord.model_validate(
        {
            "code": row.code,
            "name": row.name,
            "aliases": [alias.name for alias in row.aliases],
            "questions": row.questions,
            "unit": row.unit,
            "type": row.type,
            "audience": row.audience,
            "level": row.level,
            "theme": row.theme,
            "summary": row.summary,
            "conditions": row.conditions,
            "materials": [
                {
                    "name": m.name,
                    "source": m.source,
                    "form": m.form,
                    "copies": m.copies,
                    "required": m.required,
                    "when": m.condition,
                    "note": m.note,
                }
                for m in row.materials
            ],
            "process": row.process,
            "fees": {
                "charged": row.charged,
                "items": [{"name": fee.name, "amount": fee.amount} for fee in row.fees],
                "basis": row.fee_basis,
            },
            "limits": row.limits,
            "windows": [
                {"name": w.name, "address": w.address, "hours": w.hours, "phone": w.phone}
                for w in row.windows
            ],
            "online": row.online,
            "visits": row.visits,
            "result": row.result,
            "phones": row.phones,
            "agent": row.agent,
            "legal_basis": row.legal_basis,
            "faq": row.faq,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "version": row.version,
            "unit_name": unit_name,
            "inquiry_phone_of_unit": unit_phone,
        }
    )
