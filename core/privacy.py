"""Masking, keyed hashes and encryption of what identifies a person."""

from __future__ import annotations

import base64
import functools
import hmac
import re
import secrets
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.settings import get_settings

# A mainland mobile, a landline with area code, or an 18-digit identity number inside text.
MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
LANDLINE = re.compile(r"(?<!\d)(0\d{2,3})[- ]?(\d{7,8})(?!\d)")
IDENTITY = re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?!\d)")
CODE_ALPHABET = "23456789"


def mask_phone(phone: str) -> str:
    """``13812345678`` → ``138****5678``; numbers of less than ten digits keep only their last two."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) >= 10:
        return f"{digits[:-8]}****{digits[-4:]}"
    return "*" * max(len(digits) - 2, 0) + digits[-2:]


def mask_name(name: str) -> str:
    """``张小明`` → ``张**``."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def mask_text(text: str) -> str:
    """Hide phone and identity numbers inside free text (for logs, indexes and other eyes)."""
    text = IDENTITY.sub(lambda m: f"{m[1]}********{m[2][-2:]}", text)
    return MOBILE.sub(lambda m: f"{m[1]}****{m[3]}", text)


def mask_phones(text: str) -> str:
    """The same, and landlines too: for eyes that must not find out who somebody is."""
    return LANDLINE.sub(lambda m: f"{m[1]}****{m[2][-4:]}", mask_text(text))


@functools.cache
def _derive(purpose: str) -> bytes:
    key = get_settings().secret_key.get_secret_value()
    if not key:
        raise RuntimeError("HOTLINE_SECRET_KEY is not set; start the line with `hotline run`")
    return HKDF(SHA256(), 32, salt=b"hotline", info=purpose.encode()).derive(key.encode())


@functools.cache
def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derive("fields")))


def encrypt(text: str) -> str:
    """Encrypt ``text`` (Fernet, key derived from the secret key)."""
    return _cipher().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Reverse of `encrypt`. Raises ValueError when the token is not ours."""
    try:
        return _cipher().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ValueError("not encrypted with this key") from error


def keyed_hash(purpose: str, value: str) -> str:
    """Hex HMAC-SHA256 of ``value``, unlinkable between purposes (64 characters)."""
    return hmac.new(_derive(purpose), value.encode(), sha256).hexdigest()


def hash_matches(purpose: str, value: str, expected: str) -> bool:
    """Constant-time comparison of `keyed_hash` with a stored one."""
    return hmac.compare_digest(keyed_hash(purpose, value), expected)


def new_query_code() -> str:
    """Six digits without 0 and 1, which are misheard and misread."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(6))


def new_token() -> str:
    """An unguessable URL-safe token, 43 characters."""
    return secrets.token_urlsafe(32)
