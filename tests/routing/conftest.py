"""Fixtures of the small city and its catalogue."""

from catalogue_town import catalogue
from town import city

__all__ = ["catalogue", "city"]
