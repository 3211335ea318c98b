"""What reading a file gives: entries that fit, and what does not, with its line and reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from kb.problems import WHOLE, problems_of
from kb.schemas import CONTENTS, Content, Kind


class UnusableSource(ValueError):
    """A file that cannot be used as a whole; the message says in Chinese why and what to do."""


@dataclass(frozen=True)
class Rejected:
    """An entry that was left out. ``code`` is None when it could not be read for certain."""

    file: str
    line: int
    code: str | None
    reason: str


@dataclass(frozen=True)
class Remark:
    """Something about an entry that went in all the same."""

    file: str
    line: int
    code: str
    text: str


@dataclass(frozen=True)
class FileEntry:
    """An entry that fits its schema, and where it stands."""

    content: Content
    file: str
    line: int


@dataclass
class Reading:
    """What was read so far; a code that comes again is rejected, the first one stays.

    ``skipped`` counts records that the register itself no longer uses.
    """

    rejected: list[Rejected] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    skipped: int = 0
    _entries: dict[str, FileEntry] = field(default_factory=dict)

    @property
    def entries(self) -> list[FileEntry]:
        """Entries that fit, in the order of their files."""
        return list(self._entries.values())

    def take(
        self, kind: Kind, raw: dict[str, Any], file: str, line: int, remarks: Iterable[str] = ()
    ) -> None:
        """Check what stands at ``line`` and keep it, or note why not."""
        code = raw.get("code")
        named = code if isinstance(code, str) and code else None
        try:
            content = CONTENTS[kind].model_validate(raw)
        except ValidationError as error:
            self.reject(file, line, named, reason_of(error))
            return
        before = self._entries.get(content.code)
        if before is not None:
            place = f"{before.file} 中" if before.file != file else f"第 {before.line} 行"
            self.reject(file, line, content.code, f"编码与 {place}的条目重复")
            return
        self._entries[content.code] = FileEntry(content, file, line)
        self.remarks += [Remark(file, line, content.code, text) for text in remarks]

    def reject(self, file: str, line: int, code: str | None, reason: str) -> None:
        """Note an entry that is left out."""
        self.rejected.append(Rejected(file, line, code, reason))


def reason_of(error: ValidationError) -> str:
    """What does not fit, field by field, in Chinese."""
    told = problems_of(error)
    return "；".join(
        problem if path == WHOLE else f"{path}：{problem}" for path, problem in told.items()
    )
