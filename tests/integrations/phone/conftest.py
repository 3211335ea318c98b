"""Fixtures of the telephone doors."""

from catalogue_town import catalogue
from phone_line import assistant, call, carrier, http, line, rest, texting
from town import city, file

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
