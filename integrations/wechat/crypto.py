"""Signatures and encryption of WeChat's callbacks.

Source: 微信公众平台《消息加解密说明》: AES-256 in CBC mode, the key's first 16 bytes as the vector,
PKCS#7 to blocks of 32, inside 16 random bytes, a length in network order, the XML and the AppID.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from core.errors import NotAllowed

_ENCODING_KEY = re.compile(r"^[A-Za-z0-9+/]{43}$")
_RANDOM = 16
_BLOCK_BITS = 32 * 8


def signature(token: str, *parts: str) -> str:
    """Hex SHA-1 over the sorted ``token`` and ``parts``, as WeChat signs."""
    return hashlib.sha1("".join(sorted((token, *parts))).encode()).hexdigest()


def check_signature(token: str, signed: str, *parts: str) -> None:
    """Raises NotAllowed unless ``signed`` is the signature of ``parts``."""
    if not hmac.compare_digest(signature(token, *parts).encode(), signed.encode()):
        raise NotAllowed("签名不对")


class MessageCipher:
    """Opens and seals the messages of one account (安全模式)."""

    def __init__(self, encoding_key: str, app_id: str) -> None:
        """``encoding_key`` is the EncodingAESKey, 43 characters. Raises ValueError when it is not."""
        if not _ENCODING_KEY.match(encoding_key):
            raise ValueError("EncodingAESKey must be 43 characters of base64")
        self._key = base64.b64decode(encoding_key + "=")
        self._app_id = app_id.encode()

    def _cipher(self) -> Cipher[CBC]:
        return Cipher(AES(self._key), CBC(self._key[:16]))

    def open(self, sealed: str) -> bytes:
        """The message inside ``sealed``. Raises NotAllowed when it is damaged or of another app."""
        try:
            decryptor = self._cipher().decryptor()
            padded = decryptor.update(base64.b64decode(sealed, validate=True))
            unpadder = PKCS7(_BLOCK_BITS).unpadder()
            plain = unpadder.update(padded + decryptor.finalize()) + unpadder.finalize()
            (length,) = struct.unpack_from(">I", plain, _RANDOM)
        except (binascii.Error, ValueError, struct.error) as error:
            raise NotAllowed("消息无法解密") from error
        start = _RANDOM + 4
        message, app_id = plain[start : start + length], plain[start + length :]
        if len(message) != length or not hmac.compare_digest(app_id, self._app_id):
            raise NotAllowed("消息不是发给这个公众号的")
        return message

    def seal(self, message: str) -> str:
        """``message`` encrypted for WeChat, base64."""
        content = message.encode()
        plain = secrets.token_bytes(_RANDOM) + struct.pack(">I", len(content))
        padder = PKCS7(_BLOCK_BITS).padder()
        padded = padder.update(plain + content + self._app_id) + padder.finalize()
        encryptor = self._cipher().encryptor()
        return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
