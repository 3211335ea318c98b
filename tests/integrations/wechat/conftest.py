"""Fixtures of the WeChat door."""

from tests.integrations.wechat.wechat_line import line, peer, sealed

__all__ = ["line", "peer", "sealed"]
