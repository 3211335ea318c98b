"""Every room's tables in one place, for migrations and scratch databases."""

from importlib import import_module

from core.database import Base

ROOMS = (
    "core",
    "units",
    "kb",
    "routing",
    "cases",
    "reviews",
    "intake",
    "notices",
    "bot",
    "bot.calls",
    "bot.seats",
    "integrations.sms",
    "integrations.carrier",
    "integrations.wechat",
)

for room in ROOMS:
    import_module(f"{room}.models")

metadata = Base.metadata
