"""Fixtures of the telephone doors."""

from catalogue_town import catalogue
from phone_line import assistant, call, http, line
from town import city, file

__all__ = ["assistant", "call", "catalogue", "city", "file", "http", "line"]
