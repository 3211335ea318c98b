"""A small peer that plays the assistant's private port: it takes turns as the assistant does, has the
service's own actions run, and can be made slow or silent. What it understands is a table of words."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from rasa_sdk.executor import ActionExecutor

from tests.integrations.phone.listening import Listening

# First word found → act and action, as the assistant's rules map them.
_WORDS = (
    ("进度", "ask_progress", "action_progress"),
    ("编号", "ask_progress", "action_progress"),
    ("查询码", "ask_progress", "action_progress"),
    ("催", "urge", "action_progress"),
    ("撤", "withdraw", "action_progress"),
    ("满意", "review", "action_review"),
    ("谢谢", "thanks", "action_smalltalk"),
    ("你好", "greet", "action_smalltalk"),
    ("怎么办", "ask_guide", "action_guide"),
    ("不亮", "file_case", "action_intake"),
    ("坏", "file_case", "action_intake"),
)


@dataclass
class AssistantPeer(Listening):
    """``slow`` holds every turn until it is set; ``turns`` are what came, and
    ``arrived`` is set by the first."""

    executor: ActionExecutor | None = None
    slow: asyncio.Event | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    turns: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.turns.append(asked["text"])
        self.arrived.set()
        if self.slow is not None:
            await self.slow.wait()
        text, entities = asked["text"], []
        if text.startswith("/choose"):
            act, action = "choose", "action_choose"
            value = json.loads(text.removeprefix("/choose"))["value"]
            entities = [{"entity": "value", "value": value}]
        else:
            act, action = next(
                ((act, action) for word, act, action in _WORDS if word in text),
                ("inform", "action_intake"),
            )
        assert self.executor is not None
        await self.executor.run(_call(asked, action, act, entities))
        return web.json_response({"intent": {"name": act, "confidence": 0.95}})


def _call(asked: dict[str, Any], action: str, act: str, entities: list[Any]) -> dict[str, Any]:
    latest = {
        "text": asked["text"],
        "intent": {"name": act, "confidence": 0.95},
        "entities": entities,
        "metadata": {"turn_id": asked["turn"]},
    }
    return {
        "next_action": action,
        "sender_id": asked["conversation"],
        "tracker": {
            "sender_id": asked["conversation"],
            "slots": {},
            "latest_message": latest,
            "events": [],
            "paused": False,
            "followup_action": None,
            "active_loop": {},
            "latest_action_name": None,
        },
        "domain": {},
    }
