"""Fixtures of the small city and of the console on it."""

from catalogue_town import catalogue
from console_app import app, enter
from knowledge_town import entries
from town import city, file

__all__ = ["app", "catalogue", "city", "enter", "entries", "file"]
