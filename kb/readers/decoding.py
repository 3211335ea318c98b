"""Bytes of a file as text: UTF-8 (with or without BOM) or GB18030, and nothing guessed beyond."""

from __future__ import annotations

from pathlib import Path

from kb.readers.reading import UnusableSource

# Bytes of a file that is read whole.
LARGEST = 50_000_000
# Shares of the characters beyond ASCII that are symbols or the 3,755 commonest of GB 2312: above
# 0.95 in Chinese texts, under 0.6 where another encoding is read as GB18030 [D].
_COMMON_FROM = 0.8
_LOOK_AT = 200_000
# Fewer characters than this may all be rare ones: names of people and places.
_ENOUGH = 200


def read_text(path: Path) -> str:
    """The text of the file. Raises UnusableSource."""
    try:
        if path.stat().st_size > LARGEST:
            raise UnusableSource(f"{path.name} 超过 {LARGEST // 1_000_000} MB，请分成几个文件")
        data = path.read_bytes()
    except OSError as error:
        raise UnusableSource(f"读不到 {path.name}：{error.strerror or error}") from error
    return decode(data, path.name)


def decode(data: bytes, name: str) -> str:
    """The text of ``data``, of the file called ``name``. Raises UnusableSource."""
    if not data.strip():
        raise UnusableSource(f"{name} 是空文件")
    if b"\0" in data or data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnusableSource(
            f"{name} 不是文本文件，或用了 UTF-16 编码：请另存为 UTF-8（CSV UTF-8）"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start
    else:
        if _garbled(text):
            raise UnusableSource(f"{name} 里的字是乱码：曾按错误的编码打开又保存，请重新导出")
        return text
    other = _gb18030(data)
    if other is not None:
        return other
    line = data.count(b"\n", 0, place) + 1
    raise UnusableSource(
        f"{name} 既不是完整的 UTF-8 也不是 GB18030：第 {line} 行有读不出的字节。"
        "文件可能没有传完，或用了别的编码，请另存为 UTF-8"
    )


def _garbled(text: str) -> bool:
    """Whether Chinese in UTF-8 was read as something else and written again."""
    beyond = [char for char in text[:_LOOK_AT] if ord(char) > 127]
    if len(beyond) < _ENOUGH:
        return False
    western = sum(ord(char) < 0x250 for char in beyond)
    chinese = [char for char in beyond if "\u3400" <= char <= "\u9fff"]
    rare = len(chinese) - sum(_is_common(char) for char in chinese)
    return western > len(beyond) / 2 or rare > (1 - _COMMON_FROM) * max(len(chinese), _ENOUGH)


def _gb18030(data: bytes) -> str | None:
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    beyond = [char for char in text[:_LOOK_AT] if ord(char) > 127]
    common = sum(_is_common(char) for char in beyond)
    return text if common >= _COMMON_FROM * len(beyond) else None


def _is_common(char: str) -> bool:
    try:
        return char.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False
