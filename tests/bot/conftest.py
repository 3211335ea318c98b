"""Fixtures of the small city."""

from town import city

__all__ = ["city"]
