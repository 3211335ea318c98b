"""Fixtures of the telephone doors."""

from catalogue_town import catalogue
from town import city, file

from tests.integrations.phone.phone_line import assistant, call, carrier, http, line, rest, texting

__all__ = [
    "assistant",
    "call",
    "carrier",
    "catalogue",
    "city",
    "file",
    "http",
    "line",
    "rest",
    "texting",
]
