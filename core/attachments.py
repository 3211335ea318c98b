"""Pictures from outside: size limited, type sniffed, re-encoded so that nothing rides along."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import uuid

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy.ext.asyncio import AsyncSession

from core.errors import InvalidInput, TooLarge
from core.models import Attachment

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/png"}


async def store_image(session: AsyncSession, owner: str, data: str, name: str = "") -> uuid.UUID:
    """Store a base64 picture for ``owner`` and return its id.

    It is decoded and encoded anew, which drops metadata (place, camera) and anything appended.
    Raises TooLarge over 5 MB or 40 megapixels, InvalidInput when it is no picture.
    """
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("图片没有传完整，请重新选择", fields={"data": "不是 base64"}) from error
    return await store_picture(session, owner, raw, name)


async def store_picture(session: AsyncSession, owner: str, raw: bytes, name: str = "") -> uuid.UUID:
    """The same for a picture as it was uploaded."""
    if len(raw) > MAX_BYTES:
        raise TooLarge("图片超过 5 MB，请压缩后再传")
    media_type, content = await asyncio.to_thread(_reencode, raw)
    attachment = Attachment(
        id=uuid.uuid4(), owner=owner, media_type=media_type, name=name[:200], content=content
    )
    session.add(attachment)
    return attachment.id


def _reencode(raw: bytes) -> tuple[str, bytes]:
    try:
        with Image.open(io.BytesIO(raw)) as image:
            if image.format not in _FORMATS:
                raise InvalidInput("只能发 JPEG、PNG、WebP 或 GIF 图片")
            if image.width * image.height > MAX_PIXELS:
                raise TooLarge("图片尺寸太大，请缩小后再传")
            media_type = _FORMATS[image.format]
            upright = ImageOps.exif_transpose(image)
            if media_type == "image/jpeg":
                upright = upright.convert("RGB")
            out = io.BytesIO()
            upright.save(out, media_type.removeprefix("image/").upper())
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise InvalidInput("这不是能打开的图片，请换一张") from error
    return media_type, out.getvalue()
