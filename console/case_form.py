"""A form about a case as its action reads it. Whatever does not parse is an InvalidInput."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from cases import service
from cases.views import CaseView
from console.staff import Posted
from console.unit_picker import find_unit
from core.attachments import MAX_BYTES, store_picture
from core.errors import InvalidInput, TooLarge
from core.identity import Actor
from intake.service import Intake
from units.tree import UnitTree

MOST_PICTURES = 6


@dataclass
class Job:
    """One form to be carried out within a transaction.

    ``version`` is that of the case on the page; it grows when a part of the job has been done.
    """

    session: AsyncSession
    intake: Intake
    form: Posted
    view: CaseView
    at: datetime
    version: int = 0

    @property
    def actor(self) -> Actor:
        return self.form.staff.actor

    @property
    def tree(self) -> UnitTree:
        return self.intake.tree

    @property
    def case_id(self) -> int:
        return self.view.id

    def text(self, name: str) -> str:
        """A field as typed, without blank ends."""
        return self.form.text(name)

    def unit(self, name: str = "unit") -> str:
        """Code of the unit that a field names."""
        try:
            return find_unit(self.tree, self.text(name)).code
        except InvalidInput as error:
            raise InvalidInput(error.message, fields={name: error.fields["unit"]}) from error

    def days(self, name: str) -> int:
        """A small whole number."""
        value = self.text(name)
        if not (value.isascii() and value.isdigit() and len(value) < 4):
            raise InvalidInput("天数不对", fields={name: "请填写整数"})
        return int(value)

    def day(self, name: str) -> date:
        """A date as the browser sends it (ISO)."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError as error:
            raise InvalidInput("日期不对", fields={name: "请选择日期"}) from error

    async def store_pictures(self, text: str) -> bool:
        """Put uploaded pictures into the history before the rest is done; False without any.

        Raises InvalidInput (field ``pictures``) for what is no picture, too large or too many.
        """
        files = [
            one
            for one in self.form.form.getlist("pictures")
            if isinstance(one, UploadFile) and one.filename
        ]
        if not files:
            return False
        if len(files) > MOST_PICTURES:
            problem = f"一次最多 {MOST_PICTURES} 张"
            raise InvalidInput("图片太多", fields={"pictures": problem})
        ids = [await self._store(one) for one in files]
        case = await service.attach(
            self.session, self.actor, self.case_id, self.version, ids, text, self.at
        )
        self.version = case.version
        return True

    async def _store(self, file: UploadFile) -> uuid.UUID:
        try:
            raw = await file.read(MAX_BYTES + 1)
            owner = f"case:{self.case_id}"
            return await store_picture(self.session, owner, raw, file.filename or "")
        except (InvalidInput, TooLarge) as error:
            where = f"{file.filename}：{error.message}"
            raise InvalidInput("图片没有传上", fields={"pictures": where}) from error
