"""What a message of WeChat's means to the line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.actions.talk import HELP_CHOICES
from bot.inputs import MAX_TEXT, LocationInput, TextInput, TurnInput, VoiceInput
from core.replies import Reply, say
from integrations.wechat.coordinates import wgs84
from integrations.wechat.menu import clicked
from integrations.wechat.messages import Incoming
from notices.vocabulary import State

GREETING = say(
    "您好，这里是 12345 政务服务便民热线，我是智能助手。"
    "请直接说要办什么事、反映什么问题，打字、发语音、图片或位置都行；随时可以说“转人工”。",
    *HELP_CHOICES,
)
NOT_READABLE = say("这类消息我还看不了，请用文字说，也可以发语音、图片或位置。", *HELP_CHOICES[1:])
PICTURE_LOST = say("图片没有收到，请再发一次，或者先用文字说明。")
# What a printed code carries: a case's number, the name of a window to rate, or a button's value.
_CASE_SCENE = re.compile(r"^case:(\d{13})$")
_WINDOW_SCENE = re.compile(r"^window:(\S{1,50})$")


@dataclass(frozen=True)
class Picture:
    """A picture to be fetched from the platform."""

    media_id: str


@dataclass(frozen=True)
class Receipt:
    """What became of a template message or subscription notice."""

    provider_id: str
    state: State
    error: str | None


Meaning = TurnInput | Reply | Picture | Receipt | None


def meaning(incoming: Incoming) -> Meaning:
    """A turn, an answer that needs no turn, a picture, a receipt; None when nothing is to be done."""
    if incoming.kind == "event":
        return _event(incoming)
    match incoming.kind:
        case "text":
            text = incoming.field("Content")[:MAX_TEXT]
            return TextInput(kind="text", text=text) if text else NOT_READABLE
        case "voice":
            return VoiceInput(kind="voice", text=incoming.field("Recognition")[:MAX_TEXT])
        case "image" if incoming.field("MediaId"):
            return Picture(incoming.field("MediaId"))
        case "location":
            return _location(incoming)
        case _:
            return NOT_READABLE


def _event(incoming: Incoming) -> Meaning:
    match incoming.event:
        case "subscribe":
            return _scene(incoming.field("EventKey").removeprefix("qrscene_"))
        case "scan":
            return _scene(incoming.field("EventKey"))
        case "click":
            return clicked(incoming.field("EventKey")) or GREETING
        case "templatesendjobfinish":
            return _receipt(incoming.field("MsgID"), incoming.field("Status"))
        case "subscribe_msg_sent_event":
            return _receipt(incoming.field("MsgID"), incoming.field("ErrorStatus"))
        case _:
            # Unfollowing, opening a page, agreeing to notices …
            return None


def _scene(scene: str) -> Meaning:
    case = _CASE_SCENE.match(scene)
    if case:
        return TextInput(kind="text", text=f"查工单 {case[1]} 的进度")
    window = _WINDOW_SCENE.match(scene)
    if window:
        return TextInput(kind="text", text=f"我要评价{window[1]}")
    return clicked(scene) or GREETING


def _location(incoming: Incoming) -> Meaning:
    try:
        shown = float(incoming.field("Location_X")), float(incoming.field("Location_Y"))
        latitude, longitude = wgs84(*shown)
        return LocationInput(
            kind="location",
            latitude=latitude,
            longitude=longitude,
            label=incoming.field("Label")[:200],
        )
    except (ValueError, OverflowError):
        return NOT_READABLE


def _receipt(provider_id: str, status: str) -> Receipt | None:
    if not provider_id:
        return None
    if status.lower() == "success":
        return Receipt(provider_id, State.RECEIVED, None)
    return Receipt(provider_id, State.FAILED, status[:200])
