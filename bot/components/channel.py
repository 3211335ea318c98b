"""The only door into the assistant: the service posts a turn and gets what to do with it."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from sanic import Blueprint, Sanic, response
from sanic.exceptions import InvalidUsage
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.components.action_answers import check_quickly
from bot.components.tracker_store import without_fail_safe
from language.normalise import normalise

log = logging.getLogger(__name__)

BODY_BYTES = 64 * 1024
ID_CHARACTERS = 200
# The one payload our buttons send. Anything else that starts with a slash is a citizen's text,
# and must not reach Rasa's own commands (/restart, /back).
PAYLOAD = re.compile(r"/choose\{.*\}\s*\Z", re.DOTALL)

Handler = Callable[[Request], Coroutine[Any, Any, HTTPResponse]]


class Refused(Exception):
    """A request that is answered with an error. Carries the HTTP status and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class HotlineInput(InputChannel):
    """`POST turn`, `POST parse` and `GET ready` under /webhooks/hotline.

    A turn that could not be understood, remembered or answered is an error (502), never an
    empty answer: the service then serves the citizen without the assistant.
    """

    def __init__(self, token: str, turn_seconds: float, text_characters: int) -> None:
        """`token` is what X-Hotline-Token must carry. Raises ValueError if it is empty."""
        if not token:
            raise ValueError("the assistant's channel needs a token")
        self._token = token.encode()
        self._turn_seconds = turn_seconds
        self._text_characters = text_characters

    @classmethod
    def name(cls) -> str:
        """Return the part of the address after /webhooks/."""
        return "hotline"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> HotlineInput:
        """Build the channel from its part of credentials.yml."""
        given = credentials or {}
        return cls(
            str(given.get("token") or ""),
            float(given.get("turn_seconds", 20)),
            int(given.get("text_characters", 2000)),
        )

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes. `on_new_message` goes unused: it drops the answer."""
        check_quickly()
        routes = Blueprint("hotline")

        @routes.listener("before_server_start")
        async def limit_body(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            app.config.REQUEST_MAX_SIZE = BODY_BYTES

        @routes.get("/ready")
        @answered
        async def ready(request: Request) -> HTTPResponse:
            agent_of(request)
            return response.json({"ready": True})

        @routes.post("/turn")
        @answered
        async def turn(request: Request) -> HTTPResponse:
            self._check_token(request)
            body = body_of(request)
            conversation = string(body, "conversation", ID_CHARACTERS)
            turn_id = string(body, "turn", ID_CHARACTERS)
            text = as_said(string(body, "text", self._text_characters))
            return response.json(await self._turn(agent_of(request), conversation, turn_id, text))

        @routes.post("/parse")
        @answered
        async def parse(request: Request) -> HTTPResponse:
            self._check_token(request)
            text = as_said(string(body_of(request), "text", self._text_characters))
            understood = await understand(agent_of(request), text)
            return response.json({"intent": intent_of(understood)})

        return routes

    def _check_token(self, request: Request) -> None:
        given = request.headers.get("X-Hotline-Token", "")
        if not hmac.compare_digest(given.encode(), self._token):
            raise Refused(403, "wrong token")

    async def _turn(
        self, agent: Agent, conversation: str, turn_id: str, text: str
    ) -> dict[str, Any]:
        """Understand the text, run its action and return messages and intent."""
        try:
            understood = await understand(agent, text)
            message = UserMessage(
                text,
                CollectingOutputChannel(),
                conversation,
                parse_data=understood,
                input_channel=self.name(),
                message_id=turn_id,
                metadata={"turn_id": turn_id},
            )
            messages = await asyncio.wait_for(agent.handle_message(message), self._turn_seconds)
        except Exception as error:
            # Whatever went wrong, the service must know. The text stays out of the log.
            log.exception("turn %s failed", turn_id)
            raise Refused(502, "turn failed") from error
        if not messages:
            log.error("turn %s was answered with nothing", turn_id)
            raise Refused(502, "no answer")
        return {
            "messages": [
                {key: value for key, value in said.items() if key != "recipient_id"}
                for said in messages
            ],
            "intent": intent_of(understood),
        }


def answered(handler: Handler) -> Handler:
    """Turn a `Refused` into its HTTP answer."""

    @wraps(handler)
    async def wrapped(request: Request) -> HTTPResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return response.json({"error": refused.reason}, status=refused.status)

    return wrapped


def agent_of(request: Request) -> Agent:
    """Return the agent that serves this process. Raises Refused 503 until it is ready."""
    agent = getattr(request.app.ctx, "agent", None)
    if not isinstance(agent, Agent) or not agent.is_ready():
        raise Refused(503, "not ready")
    without_fail_safe(agent)
    return agent


def body_of(request: Request) -> dict[str, Any]:
    """Return the request's JSON object. Raises Refused 400 if it is anything else."""
    try:
        body = request.json
    except InvalidUsage as error:
        raise Refused(400, "not JSON") from error
    if not isinstance(body, dict):
        raise Refused(400, "not an object")
    return body


def string(body: dict[str, Any], key: str, longest: int) -> str:
    """Return a field's text. Raises Refused 400 if it is missing, blank or too long."""
    value = body.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise Refused(400, f"{key}: text of 1 to {longest} characters expected")
    return value.strip()


async def understand(agent: Agent, text: str) -> dict[str, Any]:
    """Return Rasa's reading of a text: `text`, `intent` with `confidence` 0–1, `entities`.

    Where no word is left to read (emoji, question marks), the classifier would still name an
    act, and an unlucky one; such a text is not understood.
    """
    if any(sign.isalnum() for sign in normalise(text)):
        return dict(await agent.parse_message(text))
    return {
        "text": text,
        "intent": {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": 0.0},
        "entities": [],
    }


def as_said(text: str) -> str:
    """Return the text without the leading slash that would make it a command to Rasa."""
    if PAYLOAD.match(text):
        return text
    return text.lstrip("/ ") or "?"


def intent_of(understood: dict[str, Any]) -> dict[str, Any]:
    """Return name and confidence (0–1) of what a message was taken for."""
    intent = understood.get("intent") or {}
    return {"name": intent.get("name"), "confidence": round(float(intent.get("confidence", 0)), 4)}
