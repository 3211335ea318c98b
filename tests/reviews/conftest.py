"""Fixtures of the small city."""

from town import city, file

__all__ = ["city", "file"]
