"""Taking files of service records and reviews into the tables. Nothing here commits.

A file may come twice, a later state before an earlier one, a review before its record. A record
is known by number and service and follows its source as long as it goes forward; a review is
known by its source's number and never changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from cases.masking import hide_person, tidy
from cases.models import Case
from cases.numbers import tidy_number
from cases.registration import phone_hash
from cases.service import record_review
from core.privacy import decrypt, encrypt
from kb.readers.unit_names import UnitNames
from reviews.codes import CodeSystem, read_channel, read_grade, read_kind
from reviews.dates import came_before, review_problem, service_problem
from reviews.exchange import RecordRow, ReviewRow
from reviews.files import At, Read, Rejected
from reviews.grades import BAD, problems
from reviews.link_service import Linker
from reviews.models import Review, ServiceRecord
from reviews.publishing import is_private
from reviews.record_repository import RecordRepository
from reviews.rectifying import linked

CHUNK = 1000
Told = Callable[[int], Awaitable[None]]


@dataclass
class Counts:
    """How many rows were new, different from what is stored, or the same."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass
class Report:
    """What taking a file in did; ``linked`` reviews were tied by number."""

    records: Counts = field(default_factory=Counts)
    reviews: Counts = field(default_factory=Counts)
    linked: int = 0
    rejected: list[Rejected] = field(default_factory=list)


async def take(
    session: AsyncSession,
    read: Read,
    source: str,
    system: CodeSystem,
    units: UnitNames,
    now: datetime,
    told: Told,
    latest: datetime | None = None,
) -> Report:
    """Store what ``read`` brings; ``told`` hears how many rows were done since it last did.

    ``source`` stands for rows that name no platform of their own. What is said to be after
    ``latest`` (``now`` without one) is refused.
    """
    report = Report(rejected=list(read.rejected))
    work = _Import(RecordRepository(session), report, source, system, units, now, latest or now)
    for start in range(0, len(read.records), CHUNK):
        rows = read.records[start : start + CHUNK]
        await work.records(rows)
        await told(len(rows))
    for start in range(0, len(read.reviews), CHUNK):
        reviews = read.reviews[start : start + CHUNK]
        await work.reviews(reviews)
        await told(len(reviews))
    report.rejected.sort(key=lambda row: (row.file, row.table, row.line))
    return report


@dataclass
class _Import:
    repository: RecordRepository
    report: Report
    source: str
    system: CodeSystem
    units: UnitNames
    now: datetime
    latest: datetime
    linker: Linker | None = None

    def refuse(self, at: At, number: str, reason: str) -> None:
        self.report.rejected.append(at.rejected(number, reason))

    async def records(self, rows: Sequence[tuple[At, RecordRow]]) -> None:
        keys = [(row.project_no, row.service_number) for _, row in rows]
        stored = await self.repository.records(keys)
        seen: set[tuple[str, int]] = set()
        new, changed = [], []
        for (at, row), key in zip(rows, keys, strict=True):
            if key in seen:
                self.refuse(at, row.project_no, "文件里前面已有这个办件")
                continue
            seen.add(key)
            try:
                values = self.record_values(row)
            except ValueError as error:
                self.refuse(at, row.project_no, f"代码不对：{error}")
                continue
            if wrong := service_problem(row.accept_date, row.result_date, self.latest):
                self.refuse(at, row.project_no, wrong)
                continue
            known = stored.get(key)
            if known is None:
                new.append(values)
            elif reason := _record_refusal(known, values):
                self.refuse(at, row.project_no, reason)
            elif _same_record(known, values):
                self.report.records.unchanged += 1
            else:
                changed.append({"id": known.id, **values})
        for values in (*new, *changed):
            applicant = values["applicant"]
            values["applicant"] = encrypt(applicant) if applicant else None
        await self.repository.add_records(new)
        await self.repository.change_records(changed)
        self.report.records.new += len(new)
        self.report.records.changed += len(changed)

    def record_values(self, row: RecordRow) -> dict[str, Any]:
        """Columns of a record, the applicant still readable. Raises ValueError for a wrong code."""
        kind = row.project_type
        return {
            "project_no": row.project_no,
            "service_number": row.service_number,
            "item_code": row.task_code,
            "item_name": row.task_name,
            "subject": row.sub_matter,
            "dept_code": row.dept_code,
            "dept_name": row.dept_name,
            "unit": self.units.code(row.dept_name),
            "window": row.pro_depart,
            "manager": row.pro_manager,
            "place": row.transact_addr,
            "channel": int(read_channel(row.pf, self.system).channel),
            "status": row.pro_status,
            "kind": None if kind is None else read_kind(kind, self.system),
            "applicant_kind": row.user_prop,
            "applicant": _person(
                name=row.user_name,
                phone=row.mobile,
                cert=row.cert_key,
                agent=row.handle_user_name,
            ),
            "phone_hash": phone_hash(row.mobile) if row.mobile else None,
            "accepted_at": row.accept_date,
            "promised_on": row.promisetime,
            "finished_at": row.result_date,
            "source": row.data_source or self.source,
            "updated_at": self.now,
        }

    async def reviews(self, rows: Sequence[tuple[At, ReviewRow]]) -> None:
        values = []
        for at, row in rows:
            try:
                made = self.review_values(row)
            except ValueError as error:
                self.refuse(at, _label(row), f"代码不对：{error}")
                continue
            wrong = problems(read_grade(row.satisfaction, self.system), made["tags"], made["text"])
            if late := review_problem(row.assess_time, self.latest):
                wrong["created_at"] = late
            if wrong:
                self.refuse(at, _label(row), "；".join(wrong.values()))
                continue
            values.append((at, row, made))
        stored = await self.repository.reviews_by_source(
            {(made["source"], made["source_id"]) for _, _, made in values}
        )
        about = await self.tie([(row, made) for _, row, made in values])
        records, cases = await self.rated(values)
        begun = await self.repository.accepted({one["service_record_id"] for _, _, one in values})
        new: list[dict[str, Any]] = []
        seen: set[tuple[str, str]] = set()
        for at, row, made in values:
            key = (made["source"], made["source_id"])
            known = stored.get(key) or records.get(
                (made["service_record_id"] or 0, made["round"]),
                cases.get((made["case_id"] or 0, made["round"])),
            )
            number = _label(row)
            if key in seen:
                self.refuse(at, number, "文件里前面已有这条评价")
            elif known is not None:
                self.compare(at, number, known, made)
            elif _too_early(about.get(made["case_id"]), made["round"]):
                self.refuse(
                    at, number, f"这张工单的第 {made['round']} 次办理还没有答复，答复后才能评价"
                )
            elif _before(made, about, begun):
                self.refuse(at, number, "评价时间早于所评的办件受理或工单答复")
            else:
                seen.add(key)
                taken = {"service_record_id": records, "case_id": cases}
                new.append(made)
                for column, rated in taken.items():
                    if made[column] is not None:
                        rated[made[column], made["round"]] = Review(**made)
        self.report.reviews.new += len(new)
        self.report.linked += sum(made["link"] == "exact" for made in new)
        await self.repository.add_reviews(new)
        await self.follow(new, about)

    async def follow(self, new: Sequence[dict[str, Any]], about: Mapping[int, Case]) -> None:
        """Cases know that they were rated; what a bad one is about is to be put right."""
        session = self.repository.session
        for made in new:
            case = about.get(made["case_id"])
            if case is not None and case.round == made["round"]:
                record_review(session, case, made["grade"], self.now, named=made["named"])
        bad = {
            (made["source"], made["source_id"])
            for made in new
            if made["link"] == "exact" and made["grade"] in BAD
        }
        if bad:
            for review in (await self.repository.reviews_by_source(bad)).values():
                await linked(session, review, self.now)

    async def tie(self, rows: Sequence[tuple[ReviewRow, dict[str, Any]]]) -> dict[int, Case]:
        """Tie by number where there is one; gives the cases by id."""
        ids = await self.repository.record_ids(
            {(row.project_no, row.service_number) for row, _ in rows if row.project_no}
        )
        numbers = {row.ticket_no: tidy_number(row.ticket_no) or "" for row, _ in rows}
        cases = await self.repository.cases(set(numbers.values()) - {""})
        for row, made in rows:
            made["service_record_id"] = ids.get((row.project_no, row.service_number))
            made["case_id"] = None
            case = cases.get(numbers[row.ticket_no])
            if made["service_record_id"] is None and case is not None:
                made["case_id"] = case.id
                made["named"] = made["named"] and not is_private(case)
            tied = made["service_record_id"] is not None or made["case_id"] is not None
            made["link"] = "exact" if tied else "none"
            made["linked_at"] = self.now if tied else None
        await self.untie_mistaken([made for _, made in rows])
        return {case.id: case for case in cases.values()}

    async def rated(
        self, rows: Sequence[tuple[At, ReviewRow, dict[str, Any]]]
    ) -> tuple[dict[tuple[int, int], Review], dict[tuple[int, int], Review]]:
        """The reviews that these records, and these cases, have already."""
        records = {made["service_record_id"] for _, _, made in rows} - {None}
        cases = {made["case_id"] for _, _, made in rows} - {None}
        return await self.repository.rated(records), await self.repository.rated_cases(cases)

    async def untie_mistaken(self, rows: Sequence[dict[str, Any]]) -> None:
        """A number that the rest of the review speaks against is left to the rules of linking."""
        if self.linker is None:
            self.linker = await Linker.load(self.repository.session)
        claims = [(made, made["service_record_id"]) for made in rows if made["service_record_id"]]
        # Two reviews with the same number are checked one after the other.
        while claims:
            once = {record: Review(**made) for made, record in reversed(claims)}
            mistaken = await self.linker.mistaken(once)
            first = {record: made for made, record in reversed(claims)}
            for record in mistaken:
                first[record].update(service_record_id=None, link="none", linked_at=None)
            done = {id(made) for made in first.values()}
            claims = [(made, record) for made, record in claims if id(made) not in done]

    def compare(self, at: At, number: str, known: Review, made: dict[str, Any]) -> None:
        """A review that is there already: the same again is nothing new, another is refused."""
        same = all(getattr(known, name) == made[name] for name in ("grade", "tags", "text"))
        if same and known.created_at == made["created_at"]:
            self.report.reviews.unchanged += 1
        elif (known.source, known.source_id) == (made["source"], made["source_id"]):
            self.refuse(at, number, "这条评价已收下，内容不同；收下的评价不能改动")
        else:
            self.refuse(at, number, f"这次服务的第 {known.round} 次评价已收下，一次服务只评一次")

    def review_values(self, row: ReviewRow) -> dict[str, Any]:
        """Columns of a review that is tied to nothing yet. Raises ValueError for a wrong code."""
        channel = read_channel(row.pf, self.system)
        said = {
            "number": row.project_no or row.ticket_no,
            "unit": row.dept_name,
            "item": row.task_name,
            "window": row.pro_depart,
            "place": row.transact_addr,
            "time": row.handle_time,
        }
        reviewer = _person(name=row.user_name, phone=row.mobile)
        text = hide_person(tidy(row.writing_evaluation), row.user_name, row.mobile, secret=True)
        return {
            "round": row.assess_number,
            "grade": int(read_grade(row.satisfaction, self.system)),
            "tags": row.eval_detail,
            "text": text,
            "channel": channel.channel.word,
            "created_at": row.assess_time,
            "is_default": bool(row.is_default) or channel.is_default,
            "reviewer_kind": row.user_prop,
            "reviewer": encrypt(reviewer) if reviewer else None,
            "contact_hash": phone_hash(row.mobile) if row.mobile else None,
            "named": bool(row.is_named),
            "said": {name: value for name, value in said.items() if value},
            "source": row.data_source or self.source,
            "source_id": row.evaluation_id or _digest(row),
        }


def _person(**facts: str) -> str:
    """What is known of a person as JSON, "" when nothing is."""
    known = {name: value for name, value in facts.items() if value}
    return json.dumps(known, ensure_ascii=False) if known else ""


def _digest(row: ReviewRow) -> str:
    """What a review without a number of its own is known by: everything that it says."""
    plain = row.model_dump_json(by_alias=True, exclude_defaults=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def _too_early(case: Case | None, round: int) -> bool:
    """Whether there is no answer yet that could be rated."""
    return case is not None and (
        round > case.round or (round == case.round and case.told_at is None)
    )


def _before(
    made: Mapping[str, Any], about: Mapping[int, Case], begun: Mapping[int, datetime]
) -> bool:
    """Whether a review is older than what its number says it is about."""
    case = about.get(made["case_id"])
    told = case.told_at if case is not None and case.round == made["round"] else None
    opened = case.created_at if case is not None else None
    what = begun.get(made["service_record_id"]) or told or opened
    return what is not None and came_before(made["created_at"], what)


def _label(row: ReviewRow) -> str:
    """What a row is called by whoever looks for it in the file."""
    return row.evaluation_id or row.project_no or row.ticket_no


def _record_refusal(known: ServiceRecord, values: dict[str, Any]) -> str | None:
    if known.source != values["source"]:
        return f"这个办件已由来源“{known.source}”提供"
    if values["status"] < known.status:
        return "已收到这个办件后来的状态，这一行是更早的"
    return None


def _same_record(known: ServiceRecord, values: dict[str, Any]) -> bool:
    if (decrypt(known.applicant) if known.applicant else "") != values["applicant"]:
        return False
    besides = {"applicant", "updated_at"}
    return all(
        getattr(known, name) == value for name, value in values.items() if name not in besides
    )
