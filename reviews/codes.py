"""The code systems that review platforms speak, and what their codes mean here. Pure.

Three systems are met. The national review interface has 5 for 非常满意, 1 for 即办件 and 7 for a
text message; GB/T 39046-2020 has grades the other way round (A.8); the interface of 浙江 has 即办件
and 承诺件 the other way round, 6 for a text message and 7 for a grade that the platform itself set.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from cases.vocabulary import SOURCE_NAMES
from reviews.grades import Grade, from_standard, to_standard


class CodeSystem(StrEnum):
    """Whose codes a file is written in."""

    NATIONAL = "national"
    GBT_39046 = "gbt39046"
    ZHEJIANG = "zhejiang"


class Channel(IntEnum):
    """Through what a service or a review came, in the national code pf."""

    PC = 1
    MOBILE = 2
    QR = 3
    TABLET = 4
    HALL = 5
    PHONE = 6
    SMS = 7

    @property
    def word(self) -> str:
        """As `reviews.models.Review.channel` keeps it, beside the line's own doors: ``hall``."""
        return self.name.lower()


# Every value of `reviews.models.Review.channel` in words.
CHANNEL_NAMES: dict[str, str] = {str(door): name for door, name in SOURCE_NAMES.items()} | {
    Channel.PC.word: "电脑",
    Channel.MOBILE.word: "手机",
    Channel.QR.word: "窗口二维码",
    Channel.TABLET.word: "大厅评价器",
    Channel.HALL.word: "大厅纸质等",
}
_ZHEJIANG_SMS, _ZHEJIANG_DEFAULT = 6, 7


@dataclass(frozen=True)
class ReadChannel:
    """A channel as it was delivered; ``is_default`` when the code says that nobody chose."""

    channel: Channel
    is_default: bool = False


def read_grade(code: int, system: CodeSystem) -> Grade:
    """The grade behind ``code``. Raises ValueError outside 1-5."""
    if code not in range(1, 6):
        raise ValueError("满意度应为 1 到 5")
    return from_standard(code) if system is CodeSystem.GBT_39046 else Grade(code)


def write_grade(grade: Grade, system: CodeSystem) -> int:
    """The reverse of `read_grade`."""
    return to_standard(grade) if system is CodeSystem.GBT_39046 else int(grade)


def read_channel(code: int, system: CodeSystem) -> ReadChannel:
    """The channel behind the code pf. Raises ValueError for a code that the system has not.

    浙江 has no code of its own for the phone; what its platform set by itself came from no device,
    and is counted with its web site.
    """
    if system is CodeSystem.ZHEJIANG:
        if code == _ZHEJIANG_DEFAULT:
            return ReadChannel(Channel.PC, is_default=True)
        if code == _ZHEJIANG_SMS:
            return ReadChannel(Channel.SMS)
    if code not in {int(one) for one in Channel}:
        raise ValueError(f"渠道应为 1 到 {max(Channel):d}")
    return ReadChannel(Channel(code))


def write_channel(channel: Channel, system: CodeSystem, *, is_default: bool = False) -> int:
    """The reverse of `read_channel`. Raises ValueError for a channel without a code there."""
    if system is not CodeSystem.ZHEJIANG:
        return int(channel)
    if is_default:
        return _ZHEJIANG_DEFAULT
    if channel is Channel.PHONE:
        raise ValueError("浙江的评价渠道没有“电话”")
    return _ZHEJIANG_SMS if channel is Channel.SMS else int(channel)


def read_kind(code: int, system: CodeSystem) -> int:
    """projectType as GB/T 39046-2020 A.6 has it: 1 即办件, 2 承诺件. Raises ValueError otherwise."""
    if code not in (1, 2):
        raise ValueError("办件类型应为 1 或 2")
    return 3 - code if system is CodeSystem.ZHEJIANG else code


# Swapping two codes is its own reverse.
write_kind = read_kind
