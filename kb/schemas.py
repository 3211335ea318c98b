"""Entries of the knowledge base as files say them, as the process holds them, and over the wire.

Four kinds: service items by the fields of GB/T 39046-2020 (table 4), policies, life events (一件事)
that bundle items, and notices of what happens now (停水, 暴雨).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from core.calendar import LOCAL

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


UnitCode = Annotated[Word, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
AreaCode = UnitCode
Name = Annotated[Line, StringConstraints(max_length=200)]
Url = Annotated[Line, StringConstraints(pattern=r"^https?://\S+$")]
# One number, or several with what each is for: real guides list a dozen.
Phone = Line


class Kind(StrEnum):
    """What an entry is."""

    ITEM = "item"
    POLICY = "policy"
    LIFE_EVENT = "life_event"
    NOTICE = "notice"


class Status(StrEnum):
    """Only a published entry is answered from; the others are kept and shown as what they are."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(_Part):
    """``when`` names the situation; null: for everyone."""

    when: Line | None = None
    text: Annotated[Text, StringConstraints(min_length=1)]


class Material(_Part):
    """``required`` with ``when`` null: always needed.

    ``blank_form`` and ``sample`` are addresses of the empty form and of one filled in.
    """

    name: Line
    basis: Text | None = None
    source: Word | None = None
    form: Word | None = None
    copies: int | None = Field(None, ge=0, le=100)
    signature: Literal["签字", "盖章", "签字或盖章", "签字并盖章"] | None = None
    required: bool = True
    when: Line | None = None
    blank_form: Url | None = None
    sample: Url | None = None
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
    """``area`` is the code of the district or street whose people it serves; null: everybody."""

    name: Line
    area: AreaCode | None = None
    address: Line | None = None
    hours: Line | None = None
    phone: Word | None = None


class Online(_Part):
    """``available`` null: the guide does not say.

    ``complete``: from the application to the result without a visit (全程网办); ``depth`` how far it
    goes otherwise (网上办理深度); ``payment``: fees are paid online.
    """

    available: bool | None = None
    url: Annotated[Line, StringConstraints(pattern=r"^https?://\S+$")] | None = None
    how: Text | None = None
    complete: bool | None = None
    depth: Word | None = None
    payment: bool | None = None


class Handling(_Part):
    """Ways that spare a journey or a paper.

    ``scope`` is how far from home it can be done (通办范围); ``tolerated`` are materials that may be
    handed in later (容缺受理), ``pledged`` those a written promise replaces (告知承诺). ``courier``:
    papers and results go by post; ``booking``: an hour can be booked.
    """

    scope: Literal["本市", "跨县", "跨市", "跨省", "全国"] | None = None
    mobile: bool | None = None
    courier: bool | None = None
    booking: bool | None = None
    tolerated: list[Line] = []
    pledged: list[Line] = []
    note: Text | None = None


class AgentContact(_Part):
    """Who handles an item for the people of one street, town or village (全程代办)."""

    area: AreaCode
    name: Line
    phone: Word
    address: Line | None = None


class Phones(_Part):
    inquiry: Phone | None = None
    complaint: Phone | None = None


class Faq(_Part):
    q: Line
    a: Annotated[Text, StringConstraints(min_length=1)]


class EntryContent(_Part):
    """What entries of every kind say: how they are called and asked for, who answers for them.

    ``aliases`` are other names, ``questions`` citizens' own wordings.
    """

    code: ItemCode
    name: Name
    aliases: list[Name] = []
    questions: list[Line] = []
    unit: UnitCode
    version: int = Field(1, ge=1, le=1_000_000)


class ItemContent(EntryContent):
    """One entry of a file in city/items. ``superseded_by`` is the code of what replaced it.

    ``department`` is who carries it out as another register calls it (实施主体), where that is no
    unit of the city; ``joint_departments`` who takes part (联办机构). ``handling_type`` and
    ``special_procedures`` (特别程序: 听证, 评审 …) are those of GB/T 39046-2020, table 4, as are the
    themes for persons and for companies. ``visits_reason`` says why one must come,
    ``result_sample`` is the address of a sample of the result.
    """

    basic_code: Annotated[Text, StringConstraints(max_length=64)] | None = None
    department: Line | None = None
    joint_departments: Text | None = None
    type: Annotated[Word, StringConstraints(max_length=40)]
    handling_type: Literal["即办件", "承诺件"] | None = None
    special_procedures: list[Line] = []
    audience: list[Word] = []
    level: Annotated[Word, StringConstraints(max_length=12)]
    theme: Annotated[Text, StringConstraints(max_length=60)] = ""
    person_themes: list[Word] = []
    company_themes: list[Word] = []
    summary: Annotated[Text, StringConstraints(min_length=1)]
    conditions: list[Condition] = []
    materials: list[Material] = []
    process: list[Line] = []
    fees: Fees = Fees()
    limits: Limits = Limits()
    windows: list[Window] = []
    online: Online = Online()
    visits: int | None = Field(None, ge=0, le=20)
    visits_reason: Text | None = None
    result: Text | None = None
    result_sample: Url | None = None
    phones: Phones = Phones()
    agent: Text | None = None
    handling: Handling = Handling()
    agents: list[AgentContact] = []
    legal_basis: list[Line] = []
    faq: list[Faq] = []
    superseded_by: ItemCode | None = None
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> ItemContent:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to 早于 valid_from")
        if self.fees.charged and not self.fees.items:
            raise ValueError("收费事项没有列出收费项目")
        if self.fees.charged is False and self.fees.items:
            raise ValueError("不收费的事项列出了收费项目")
        return self


class Benefit(_Part):
    """What a policy gives, to whom and how much, e.g. 一次性创业补贴 / 首次创业满一年 / 5000 元."""

    name: Line
    who: Line | None = None
    amount: Line


class Difference(_Part):
    """What a policy changed against the one before."""

    topic: Line
    before: Text
    after: Text


class PolicyContent(EntryContent):
    """One entry of a file in city/policies.

    ``mode`` is how it is had: 免申即享 without asking, 依申请 on application, 普遍适用 a rule for all.
    A normative document lapses five years after ``valid_from`` unless ``renewed_on`` begins another
    five (domain.md §8) or ``valid_to`` ends it sooner. ``replaces`` names codes or document numbers
    of what it replaced; ``void_on`` is the day on which it was declared void.
    """

    document_number: Annotated[Line, StringConstraints(max_length=100)] | None = None
    issued_on: date
    joint_units: list[UnitCode] = []
    theme: Annotated[Text, StringConstraints(max_length=60)] = ""
    audience: list[Line] = []
    summary: Annotated[Text, StringConstraints(min_length=1)]
    mode: Literal["免申即享", "依申请", "普遍适用"] = "普遍适用"
    benefits: list[Benefit] = []
    conditions: list[Condition] = []
    materials: list[Material] = []
    process: list[Line] = []
    deadline: date | None = None
    deadline_note: Text | None = None
    online: Online = Online()
    phones: Phones = Phones()
    interpretation: list[Faq] = []
    differences: list[Difference] = []
    items: list[ItemCode] = []
    legal_basis: list[Line] = []
    replaces: list[Line] = []
    superseded_by: ItemCode | None = None
    void_on: date | None = None
    void_reason: Text | None = None
    normative: bool = True
    renewed_on: date | None = None
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> PolicyContent:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to 早于 valid_from")
        if self.renewed_on is not None and self.renewed_on < self.valid_from:
            raise ValueError("renewed_on 早于 valid_from")
        if self.void_on is not None and not self.void_reason:
            raise ValueError("宣布失效的政策没有写明原因")
        return self

    @property
    def ends_on(self) -> date | None:
        """The last day on which it holds; None: no end.

        The day before it was declared void, the end it names, or, of a normative document, five
        years after it came into force or was renewed (domain.md §8), whichever is first.
        """
        ends = [self.valid_to, self.void_on - timedelta(days=1) if self.void_on else None]
        if self.normative:
            ends.append(_years_after(self.renewed_on or self.valid_from, _LAPSES_AFTER))
        return min((day for day in ends if day is not None), default=None)


class EventStep(_Part):
    """One item of a life event: ``when`` is the situation in which it is needed (null: always),
    ``after`` the items that must be done before it."""

    item: ItemCode
    when: Line | None = None
    after: list[ItemCode] = []
    note: Text | None = None


class SharedMaterial(_Part):
    """A material that several items of a life event need, handed in once."""

    name: Line
    items: Annotated[list[ItemCode], Field(min_length=2)]
    copies: int | None = Field(None, ge=0, le=100)
    note: Text | None = None


class LifeEventContent(EntryContent):
    """One entry of a file in city/life_events: items bundled around what happens in a life."""

    audience: list[Word] = []
    summary: Annotated[Text, StringConstraints(min_length=1)]
    steps: Annotated[list[EventStep], Field(min_length=2)]
    shared_materials: list[SharedMaterial] = []
    windows: list[Window] = []
    online: Online = Online()
    limits: Limits = Limits()
    phones: Phones = Phones()
    faq: list[Faq] = []
    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> LifeEventContent:
        codes = [step.item for step in self.steps]
        if len(set(codes)) != len(codes):
            raise ValueError("同一个事项列了两次")
        for number, step in enumerate(self.steps):
            for code in step.after:
                if code not in codes[:number]:
                    raise ValueError(f"{step.item} 的前置事项 {code} 没有排在它前面")
        for shared in self.shared_materials:
            for code in shared.items:
                if code not in codes:
                    raise ValueError(f"共用材料“{shared.name}”提到了未列入的事项 {code}")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to 早于 valid_from")
        return self


class NoticeContent(EntryContent):
    """What happens now and where: answered before anything else, until it ends.

    ``areas`` are codes of districts, streets or communities (none: the whole city), ``places``
    names of roads, estates and the like within them.
    """

    topic: Literal["停水", "停电", "停气", "停暖", "天气", "交通", "办公", "其他"]
    text: Annotated[Text, StringConstraints(min_length=1)]
    areas: list[AreaCode] = []
    places: list[Line] = []
    phone: Word | None = None
    starts_at: datetime
    ends_at: datetime

    @model_validator(mode="after")
    def _fits_together(self) -> NoticeContent:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise ValueError("时间没有写时区")
        if self.ends_at <= self.starts_at:
            raise ValueError("结束时间不晚于开始时间")
        return self


Content = ItemContent | PolicyContent | LifeEventContent | NoticeContent
CONTENTS: dict[Kind, type[Content]] = {
    Kind.ITEM: ItemContent,
    Kind.POLICY: PolicyContent,
    Kind.LIFE_EVENT: LifeEventContent,
    Kind.NOTICE: NoticeContent,
}
_LAPSES_AFTER = 5


class _Published(BaseModel):
    """What the process knows of a published entry beyond its content: whom it belongs to."""

    unit_name: str
    inquiry_phone_of_unit: str = Field("", exclude=True)


class ItemRecord(ItemContent, _Published):
    """A published item of the knowledge base, with the name of the unit answerable for it."""

    def valid_on(self, day: date) -> bool:
        """Whether the item may be answered from on ``day``; both ends count."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def phone(self) -> str | None:
        """Whom to ask: the item's inquiry phone, else the unit's own."""
        return self.phones.inquiry or self.inquiry_phone_of_unit or None


class PolicyRecord(PolicyContent, _Published):
    """A published policy. It is in force from ``valid_from`` to `ends_on`."""

    def valid_on(self, day: date) -> bool:
        """Whether it may be answered from on ``day``: in force, not void and not superseded."""
        end = self.ends_on
        return self.superseded_by is None and self.valid_from <= day and (end is None or day <= end)

    @property
    def phone(self) -> str | None:
        """Whom to ask: the policy's inquiry phone, else the unit's own."""
        return self.phones.inquiry or self.inquiry_phone_of_unit or None


class LifeEventRecord(LifeEventContent, _Published):
    """A published life event."""

    def valid_on(self, day: date) -> bool:
        """Whether it may be answered from on ``day``; both ends count."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def phone(self) -> str | None:
        """Whom to ask: the event's inquiry phone, else the leading unit's own."""
        return self.phones.inquiry or self.inquiry_phone_of_unit or None


class NoticeRecord(NoticeContent, _Published):
    """A published notice."""

    def valid_at(self, moment: datetime) -> bool:
        """Whether it is to be told at ``moment`` (aware)."""
        return self.starts_at <= moment < self.ends_at

    def valid_on(self, day: date) -> bool:
        """Whether it holds on some part of ``day`` (the line's own days)."""
        return (
            self.starts_at.astimezone(LOCAL).date() <= day <= self.ends_at.astimezone(LOCAL).date()
        )


Entry = ItemRecord | PolicyRecord | LifeEventRecord
Record = Entry | NoticeRecord
RECORDS: dict[Kind, type[Record]] = {
    Kind.ITEM: ItemRecord,
    Kind.POLICY: PolicyRecord,
    Kind.LIFE_EVENT: LifeEventRecord,
    Kind.NOTICE: NoticeRecord,
}


def kind_of(content: Content) -> Kind:
    """Which kind of entry ``content`` is."""
    return next(kind for kind, shape in CONTENTS.items() if isinstance(content, shape))


def validity_of(content: Content) -> tuple[date, date | None]:
    """First and last day of an entry, as stored beside it; of a policy the day it lapses on."""
    if isinstance(content, NoticeContent):
        return (
            content.starts_at.astimezone(LOCAL).date(),
            content.ends_at.astimezone(LOCAL).date(),
        )
    if isinstance(content, PolicyContent):
        return content.valid_from, content.ends_on
    return content.valid_from, content.valid_to


def _years_after(day: date, years: int) -> date:
    """The last of ``years`` years that begin on ``day``."""
    try:
        return day.replace(year=day.year + years) - timedelta(days=1)
    except ValueError:  # 29 February
        return date(day.year + years, 2, 28)


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
