"""What a notice says: the city's words (``city/notices.yml``), filled in."""

from __future__ import annotations

import functools

import yaml
from pydantic import BaseModel

from core.settings import get_settings

# A text message of three parts; the whole answer is found under the number.
MAX_ANSWER = 120


class Wording(BaseModel):
    """``secret`` is said of a confidential case: nothing but its number."""

    text: str
    secret: str


class Templates(BaseModel):
    """Texts of a text message (SMS); a chat shows the line of the transcript instead."""

    signature: str
    filed: Wording
    progress: Wording
    answered: Wording
    record: str
    second: str
    code: str
    ending: str

    def notice(self, wording: Wording, *, secret: bool, **values: str) -> str:
        """A notice about a case, with signature and how to stop them."""
        said = (wording.secret if secret else wording.text).format(**values)
        return f"{self.signature}{said}{self.ending}"

    def rate_record(self, *, day: str, unit: str, tail: str) -> str:
        """The invitation to rate a service; ``tail`` is the end of its number."""
        said = self.record.format(day=day, unit=unit, tail=tail)
        return f"{self.signature}{said}{self.ending}"

    def rate_second(self, *, number: str) -> str:
        """The invitation to rate a rectification; ``number`` of the case, empty when there is none."""
        said = self.second.format(matter=f"对工单 {number} " if number else "")
        return f"{self.signature}{said}{self.ending}"

    def verification(self, code: str) -> str:
        """The message with a verification code."""
        return self.signature + self.code.format(code=code)


def shortened(answer: str | None) -> str:
    """An answer as a text message quotes it, with the sentence that leads to it."""
    if not answer:
        return ""
    cut = answer if len(answer) <= MAX_ANSWER else answer[: MAX_ANSWER - 1] + "…"
    return f"答复：{cut}。" if cut[-1] not in "。！？…" else f"答复：{cut}"


@functools.cache
def templates() -> Templates:
    """The city's, read once. Raises pydantic.ValidationError when one is missing."""
    path = get_settings().city_dir / "notices.yml"
    return Templates.model_validate(yaml.safe_load(path.read_text("utf-8")))
