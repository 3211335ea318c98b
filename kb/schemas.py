"""An item as its file says it, as the process holds it, and as it goes over the wire.

The fields follow GB/T 39046-2020, table 4.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

# PostgreSQL refuses NUL; other control characters only come from damaged files.
Text = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
    ),
]
Line = Annotated[Text, StringConstraints(min_length=1, max_length=400)]
Word = Annotated[Text, StringConstraints(min_length=1, max_length=60)]
ItemCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=64)]


class Status(StrEnum):
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Part):
    """``when`` names the situation; null: for everyone."""

    when: Line | None = None
    text: Annotated[Text, StringConstraints(min_length=1)]


class Material(_Part):
    """``required`` with ``when`` null: always needed."""

    name: Line
    source: Word | None = None
    form: Word | None = None
    copies: int | None = Field(None, ge=0, le=100)
    required: bool = True
    when: Line | None = None
    note: Text | None = None


class FeeItem(_Part):
    name: Line
    amount: Line


class Fees(_Part):
    """``charged`` null: the guide does not say."""

    charged: bool | None = None
    items: list[FeeItem] = []
    basis: Text | None = None


class Days(_Part):
    days: int = Field(ge=0, le=3650)
    unit: Literal["工作日", "自然日"] = "工作日"


class Limits(_Part):
    """Legal and promised time; a promise of 0 days means done at once."""

    legal: Days | None = None
    promised: Days | None = None
    note: Text | None = None


class Window(_Part):
    name: Line
    address: Line | None = None
    hours: Line | None = None
    phone: Word | None = None


class Online(_Part):
    """``available`` null: the guide does not say."""

    available: bool | None = None
    url: Annotated[Line, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    how: Text | None = None


class Phones(_Part):
    inquiry: Word | None = None
    complaint: Word | None = None


class Faq(_Part):
    q: Line
    a: Annotated[Text, StringConstraints(min_length=1)]


class ItemContent(_Part):
    """One entry of a file in city/items."""

    code: ItemCode
    name: Annotated[Line, StringConstraints(max_length=200)]
    aliases: list[Annotated[Line, StringConstraints(max_length=200)]] = []
    questions: list[Line] = []
    unit: Annotated[Word, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
    type: Annotated[Word, StringConstraints(max_length=40)]
    audience: list[Word] = []
    level: Annotated[Word, StringConstraints(max_length=12)]
    theme: Annotated[Text, StringConstraints(max_length=60)] = ""
    summary: Annotated[Text, StringConstraints(min_length=1)]
    conditions: list[Condition] = []
    materials: list[Material] = []
    process: list[Line] = []
    fees: Fees = Fees()
    limits: Limits = Limits()
    windows: list[Window] = []
    online: Online = Online()
    visits: int | None = Field(None, ge=0, le=20)
    result: Text | None = None
    phones: Phones = Phones()
    agent: Text | None = None
    legal_basis: list[Line] = []
    faq: list[Faq] = []
    valid_from: date
    valid_to: date | None = None
    version: int = Field(1, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _fits_together(self) -> ItemContent:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to 早于 valid_from")
        if self.fees.charged and not self.fees.items:
            raise ValueError("收费事项没有列出收费项目")
        if self.fees.charged is False and self.fees.items:
            raise ValueError("不收费的事项列出了收费项目")
        return self


class ItemRecord(ItemContent):
    """A published item of the knowledge base, with the name of the unit answerable for it."""

    unit_name: str
    inquiry_phone_of_unit: str = Field("", exclude=True)

    def valid_on(self, day: date) -> bool:
        """Whether the item may be answered from on ``day``; both ends count."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def phone(self) -> str | None:
        """Whom to ask: the item's inquiry phone, else the unit's own."""
        return self.phones.inquiry or self.inquiry_phone_of_unit or None


class ItemOut(ItemRecord):
    """An item in full, as the public interface gives it."""

    model_config = ConfigDict(title="Item")

    url: str = Field(description="网页地址（相对路径）")


class ItemSummary(BaseModel):
    """An item in a list."""

    code: str
    name: str
    unit: str
    unit_name: str
    type: str
    theme: str
    summary: str
    version: int
    valid_from: date
    valid_to: date | None
    url: str
    score: float | None = Field(None, ge=0, le=1, description="与问题的匹配程度，没有问题时为空")


class ItemList(BaseModel):
    """Items found, best first; without a question all items by name."""

    items: list[ItemSummary]
    total: int = Field(description="找到的事项总数，可多于返回的条数")
