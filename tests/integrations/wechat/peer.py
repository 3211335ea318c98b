"""WeChat's platform and its users, played over HTTP: signs, encrypts, retries, counts.

The crypto is `odoo-wechatpy`'s, not the line's own. Everything blocks, so it serves journeys against a
running line as they are, and tests inside an event loop by `asyncio.to_thread`.
"""

from __future__ import annotations

import itertools
import json
import secrets
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import xmltodict
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

APP_ID = "wx0000000000000001"
ACCOUNT = "gh_000000000001"
TOKEN = "callback-token"
SECRET = "app-secret"
ENCODING_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OUT_OF_SERVICE = "该公众号暂时无法提供服务，请稍后再试"
ANSWER_SECONDS = 5.0
ATTEMPTS = 3
GRANTING = {"CLICK", "subscribe", "SCAN"}


def settings(platform: str, *, sealed: bool = True) -> dict[str, str]:
    """What the line must be told to work with this platform, as settings without their prefix."""
    return {
        "wechat_app_id": APP_ID,
        "wechat_account": ACCOUNT,
        "wechat_token": TOKEN,
        "wechat_app_secret": SECRET,
        "wechat_encoding_key": ENCODING_KEY if sealed else "",
        "wechat_api": platform,
        "wechat_template": "template-1",
    }


def sign(token: str, *parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(token, *parts)
    return str(signer.signature)


def make_xml(fields: dict[str, str]) -> str:
    """WeChat's XML of ``fields``; the end of a section inside is split as WeChat does."""
    inner = "".join(
        f"<{name}><![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"
        for name, value in fields.items()
    )
    return f"<xml>{inner}</xml>"


@dataclass
class Request:
    """A callback as it goes over the wire; tests change it before it is posted."""

    query: dict[str, str]
    body: bytes


@dataclass
class _Window:
    until: float = 0.0
    left: int = 0


@dataclass
class _User:
    following: bool = True
    message: _Window = field(default_factory=_Window)
    event: _Window = field(default_factory=_Window)
    shown: list[str] = field(default_factory=list)


class WeChatPeer:
    """The platform with its followers. ``callback`` is the line's address for callbacks."""

    def __init__(self, callback: str = "", *, sealed: bool = True) -> None:
        self.callback = callback
        self.crypto = WeChatCrypto(TOKEN, ENCODING_KEY, APP_ID) if sealed else None
        self.users: dict[str, _User] = defaultdict(_User)
        self.media: dict[str, tuple[str, bytes]] = {}
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.failures: deque[int] = deque()
        self.breaks = False
        self.tokens_issued = 0
        self.slowest = 0.0
        self._token = ""
        self._ids = itertools.count(10**9)
        self._changed = threading.Condition()
        self._http = httpx.Client(trust_env=False, timeout=ANSWER_SECONDS)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def __enter__(self) -> WeChatPeer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    @property
    def address(self) -> str:
        """Base URL of the platform's interface."""
        return f"http://127.0.0.1:{self._server.server_port}"

    # What a user does

    def say(self, text: str, user: str = "o-1", seconds: float = 20) -> list[str]:
        """Write ``text``; returns what the user sees next, at once or within ``seconds``."""
        return self.does(self.message("text", user, Content=text), seconds)

    def does(self, fields: dict[str, str], seconds: float = 20) -> list[str]:
        """Send a message or event; returns what the user sees next."""
        user = self.users[fields["FromUserName"]]
        before = len(user.shown)
        self.deliver(fields)
        self.wait_shown(fields["FromUserName"], before, seconds)
        return user.shown[before:]

    def wait_shown(self, user: str, after: int, seconds: float = 20) -> None:
        """Wait until the user has seen more than ``after`` texts."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.users[user].shown) > after, seconds)

    def message(self, kind: str, user: str = "o-1", **fields: str) -> dict[str, str]:
        """A new message with an id of its own."""
        return {**_head(kind, user), "MsgId": str(next(self._ids)), **fields}

    def event(self, name: str, user: str = "o-1", **fields: str) -> dict[str, str]:
        """A new event; WeChat gives events no id."""
        return {**_head("event", user), "Event": name, **fields}

    def deliver(self, fields: dict[str, str]) -> str | None:
        """Post a message as the platform does: five seconds, three times. Returns the text that the
        response shows, None for none."""
        self.grant(fields)
        for _ in range(ATTEMPTS):
            response = self.post(self.request(fields))
            if response is not None and response.status_code == 200:
                return self._show(fields["FromUserName"], self.opened(response))
        return self._show(fields["FromUserName"], OUT_OF_SERVICE)

    # What goes over the wire

    def request(self, fields: dict[str, str], at: float | None = None) -> Request:
        """The signed, and in this mode encrypted, callback for ``fields``; ``at`` is its time."""
        return self.request_of(make_xml(fields), at)

    def request_of(self, xml: str | bytes, at: float | None = None) -> Request:
        """The callback for any content at all."""
        stamp, nonce = str(int(at or time.time())), secrets.token_hex(5)
        query = {"signature": sign(TOKEN, stamp, nonce), "timestamp": stamp, "nonce": nonce}
        if self.crypto is None:
            return Request(query, xml.encode() if isinstance(xml, str) else xml)
        body = self.crypto.encrypt_message(xml, nonce, stamp)
        signed = xmltodict.parse(body)["xml"]["MsgSignature"]
        query |= {"encrypt_type": "aes", "msg_signature": signed}
        return Request(query, body.encode())

    def get(self, query: dict[str, str]) -> httpx.Response:
        """Ask the line to prove that the address is its own."""
        return self._http.get(self.callback, params=query)

    def post(self, request: Request) -> httpx.Response | None:
        """The line's answer; None when it takes longer than WeChat waits."""
        began = time.monotonic()
        try:
            return self._http.post(
                self.callback,
                params=request.query,
                content=request.body,
                headers={"Content-Type": "text/xml"},
            )
        except httpx.TimeoutException:
            return None
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)

    def opened(self, response: httpx.Response) -> str | None:
        """The text in a response; None for ``success``. Raises AssertionError for what the platform
        would not show."""
        if response.text in ("success", ""):
            return None
        answer = xmltodict.parse(response.text)["xml"]
        if self.crypto is not None:
            assert set(answer) == {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"}
            opened = self.crypto.decrypt_message(
                response.text, answer["MsgSignature"], answer["TimeStamp"], answer["Nonce"]
            )
            answer = xmltodict.parse(opened)["xml"]
        assert set(answer) == {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"}
        assert (answer["FromUserName"], answer["MsgType"]) == (ACCOUNT, "text")
        assert len(answer["Content"].encode()) <= 2048
        return str(answer["Content"])

    def _show(self, user: str, text: str | None) -> str | None:
        if text is not None:
            with self._changed:
                self.users[user].shown.append(text)
                self._changed.notify_all()
        return text

    def grant(self, fields: dict[str, str]) -> None:
        """Count what the follower's message or event allows the account to send."""
        user = self.users[fields["FromUserName"]]
        if fields["MsgType"] != "event":
            user.message = _Window(time.time() + 48 * 3600, 5)
        elif fields["Event"] in GRANTING:
            user.event = _Window(time.time() + 60, 3)

    # The platform's interface

    def expire_token(self) -> None:
        """The token in use is worth nothing from now on."""
        self._token = ""

    def answer(
        self, path: str, query: dict[str, list[str]], body: dict[str, Any]
    ) -> dict[str, Any]:
        """What the interface answers to a POST."""
        if path == "/cgi-bin/stable_token":
            return self._issue(body)
        if not self._token or query.get("access_token") != [self._token]:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        if self.failures:
            return {"errcode": self.failures.popleft(), "errmsg": "as told"}
        match path:
            case "/cgi-bin/message/custom/send":
                return self._custom(body)
            case "/cgi-bin/message/template/send" | "/cgi-bin/message/subscribe/bizsend":
                return self._notice(path, body)
            case "/cgi-bin/menu/create":
                self.sent.append((path, body))
                return {"errcode": 0, "errmsg": "ok"}
            case _:
                return {"errcode": 40066, "errmsg": "invalid url"}

    def _issue(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("grant_type") != "client_credential" or body.get("appid") != APP_ID:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if body.get("secret") != SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if not self._token or body.get("force_refresh"):
            self.tokens_issued += 1
            self._token = f"token-{self.tokens_issued}-{secrets.token_hex(8)}"
        return {"access_token": self._token, "expires_in": 7200}

    def _custom(self, body: dict[str, Any]) -> dict[str, Any]:
        user, text = self.users[body["touser"]], body["text"]["content"]
        at = time.time()
        if not user.following:
            return {"errcode": 43004, "errmsg": "require subscribe"}
        if len(text.encode()) > 2048:
            return {"errcode": 45002, "errmsg": "content size out of limit"}
        open_now = [one for one in (user.event, user.message) if at < one.until]
        if not open_now:
            return {"errcode": 45015, "errmsg": "response out of time limit"}
        usable = next((one for one in open_now if one.left), None)
        if usable is None:
            return {"errcode": 45047, "errmsg": "out of response count limit"}
        usable.left -= 1
        self.sent.append(("/cgi-bin/message/custom/send", body))
        self._show(body["touser"], text)
        return {"errcode": 0, "errmsg": "ok"}

    def _notice(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if not self.users[body["touser"]].following:
            return {"errcode": 43004, "errmsg": "require subscribe"}
        self.sent.append((path, body))
        values = [str(one["value"]) for one in body["data"].values()]
        self._show(body["touser"], " ".join(values))
        return {"errcode": 0, "errmsg": "ok", "msgid": next(self._ids)}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if peer.breaks and url.path != "/cgi-bin/stable_token":
                    self.send_error(502)
                    return
                with peer._changed:
                    told = peer.answer(url.path, parse_qs(url.query), json.loads(body))
                self._send("application/json", json.dumps(told).encode())

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                if query.get("access_token") != [peer._token]:
                    told = {"errcode": 40001, "errmsg": "invalid credential"}
                    self._send("application/json", json.dumps(told).encode())
                    return
                media = peer.media.get(query["media_id"][0])
                if media is None:
                    told = {"errcode": 40007, "errmsg": "invalid media_id"}
                    self._send("application/json", json.dumps(told).encode())
                    return
                self._send(*media)

            def _send(self, kind: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        return Handler


def _head(kind: str, user: str) -> dict[str, str]:
    return {
        "ToUserName": ACCOUNT,
        "FromUserName": user,
        "CreateTime": str(int(time.time())),
        "MsgType": kind,
    }
