"""Case numbers, query codes and review links: what a citizen holds in hand.

Codes and tokens are derived with the line's key and not stored, so that a copy of the database
opens no case.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from datetime import datetime

from core.calendar import LOCAL
from core.privacy import CODE_ALPHABET, keyed_hash

CODE_LENGTH = 6
_TOKEN_LENGTH = 32


def check_digit(digits: str) -> str:
    """ISO/IEC 7064 MOD 11,10: finds every wrong digit and nearly every swap of neighbours."""
    rest = 10
    for digit in digits:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return str((11 - rest) % 10)


def make_number(at: datetime, sequence: int) -> str:
    """``yyMMdd`` (local date of ``at``) + six-digit daily sequence + check digit."""
    body = f"{at.astimezone(LOCAL):%y%m%d}{sequence:06d}"
    return body + check_digit(body)


def tidy_number(text: str) -> str | None:
    """A number as a citizen types it (full-width digits, spaces, dashes), or None if it is none."""
    digits = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text))
    if not re.fullmatch(r"[0-9]{13,14}", digits) or check_digit(digits[:-1]) != digits[-1]:
        return None
    return digits


def query_code(number: str) -> str:
    """The six-digit code that opens the progress of case ``number``; no 0 and no 1 in it."""
    rest = int(keyed_hash("query-code", number), 16)
    code = ""
    for _ in range(CODE_LENGTH):
        rest, index = divmod(rest, len(CODE_ALPHABET))
        code += CODE_ALPHABET[index]
    return code


def code_fits(number: str, code: str) -> bool:
    """Constant-time check of a query code as typed."""
    typed = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", code))
    return hmac.compare_digest(typed.encode(), query_code(number).encode())


def review_token(case_id: int, round: int) -> str:
    """The secret part of the rating link of one closing of a case."""
    return keyed_hash("review-link", f"{case_id}:{round}")[:_TOKEN_LENGTH]


def review_path(number: str, case_id: int, round: int) -> str:
    """Path of the rating page, ``/r/<number>-<token>``."""
    return f"/r/{number}-{review_token(case_id, round)}"
