"""Twilio's REST interface as a peer: every request is checked with Twilio's own OpenAPI description."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
from aiohttp import BasicAuth, web

from tests.integrations.phone.call_simulator import ACCOUNT, TOKEN
from tests.integrations.phone.listening import Listening
from tests.shared_data import shared_file

_SPEC = "twilio_api_v2010.json"


class _Description:
    """The operations of the description, by path."""

    def __init__(self) -> None:
        self.spec = json.loads(shared_file(_SPEC).read_text("utf-8"))
        self._posts = [
            (_pattern(path, found["post"]), found["post"])
            for path, found in self.spec["paths"].items()
            if "post" in found
        ]

    def problems(self, path: str, form: dict[str, str]) -> list[str]:
        """What is wrong with a POST to ``path``."""
        operation = next((one for pattern, one in self._posts if pattern.fullmatch(path)), None)
        if operation is None:
            return [f"no such operation: {path}"]
        content = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
        schema = {**content["schema"], "components": self.spec["components"]}
        known = set(schema["properties"])
        found = [f"unknown field {name}" for name in form if name not in known]
        values = {
            name: _typed(schema["properties"][name], value)
            for name, value in form.items()
            if name in known
        }
        validator = jsonschema_rs.validator_for(schema)
        return found + [str(error.message) for error in validator.iter_errors(values)]


def _pattern(path: str, operation: dict[str, Any]) -> re.Pattern[str]:
    given = {
        one["name"]: one["schema"].get("pattern", "[^/]+").strip("^$")
        for one in operation.get("parameters", [])
    }
    made = re.sub(r"\\{(\w+)\\}", lambda m: given.get(m[1], "[^/]+"), re.escape(path))
    return re.compile(made)


def _typed(schema: dict[str, Any], value: str) -> Any:
    match schema.get("type"):
        case "boolean":
            return {"true": True, "false": False}.get(value.lower(), value)
        case "integer":
            return int(value) if value.lstrip("-").isdecimal() else value
        case "array":
            return [value]
        case _:
            return value


@dataclass
class TwilioRest(Listening):
    """``orders`` are the requests taken: path below the account, and form. ``refuse`` with a status
    and Twilio's error code; ``silent`` drops the connection."""

    orders: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    refuse: tuple[int, int] | None = None
    silent: bool = False
    _description: _Description = field(default_factory=_Description)

    def texts(self) -> list[tuple[str, str]]:
        """Number and body of each text that was sent."""
        sent = [form for path, form in self.orders if path == "/Messages.json"]
        return [(form["To"], form["Body"]) for form in sent]

    async def take(self, request: web.Request) -> web.Response:
        if self.silent:
            assert request.transport is not None
            request.transport.close()
        if request.headers.get("Authorization") != BasicAuth(ACCOUNT, TOKEN).encode():
            return web.json_response({"code": 20003, "message": "auth", "status": 401}, status=401)
        form = {name: str(value) for name, value in (await request.post()).items()}
        found = self._description.problems(request.path, form)
        assert not found, found
        if self.refuse is not None:
            status, code = self.refuse
            told = {"code": code, "message": "refused", "status": status}
            return web.json_response(told, status=status)
        self.orders.append((request.path.partition(ACCOUNT)[2], form))
        return web.json_response({"sid": "SM" + uuid.uuid4().hex}, status=201)
