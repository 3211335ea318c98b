"""Fixtures of the web door."""

from web_line import line, migrated_url

__all__ = ["line", "migrated_url"]
