"""Where a carrier's gateway tells what happens, and hears what to do next."""

from __future__ import annotations

from typing import TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ValidationError

from core.errors import HotlineError, InvalidInput
from integrations.carrier.schemas import Event, IncomingText, Receipt
from integrations.carrier.signing import SignedBody
from integrations.sms.line import TextLine
from integrations.sms.port import TextMessage
from integrations.sms.repository import CHANNEL
from integrations.voice.line import Caller, VoiceLine
from integrations.voice.numbers import national
from integrations.voice.port import Answer, Happening, Heard, Pressed, Returned, Said, Silent
from notices.service import receipt
from notices.vocabulary import State

router = APIRouter(prefix="/carrier", include_in_schema=False)

CARRIER = "carrier"
_Model = TypeVar("_Model", bound=BaseModel)


@router.post("/voice")
async def voice(request: Request, body: SignedBody) -> Response:
    """Something happened in a call; the answer is a `voice.port.Answer`, or empty after its end."""
    event = _read(Event, body)
    line: VoiceLine = request.app.state.voice
    match event.event:
        case "started":
            caller = Caller(national(event.caller), event.verified)
            return _told(await line.started(CARRIER, event.call, caller))
        case "hung_up":
            await line.ended(CARRIER, event.call)
            return Response(status_code=204)
        case "recorded":
            if event.recording is None or not event.address:
                raise InvalidInput("录音缺少编号或地址")
            await line.recorded(CARRIER, event.call, event.recording, event.address, event.seconds)
            return Response(status_code=204)
        case "heard":
            text = event.text.replace("\x00", "").strip()
            if event.room is None:
                raise InvalidInput("没有说明是哪个会议")
            if text and event.final:
                heard = Heard(event.room, event.number, event.by_caller, text, event.at)
                await line.heard(CARRIER, event.call, heard)
            return Response(status_code=204)
        case "unreached":
            if event.room is None:
                raise InvalidInput("没有说明是哪个会议")
            await line.unreached(CARRIER, event.room)
            return _told(await line.where(CARRIER, event.call))
        case _:
            return _told(await line.happened(CARRIER, event.call, event.step, _happening(event)))


@router.post("/sms", status_code=204)
async def text(request: Request, body: SignedBody) -> None:
    """A text comes in."""
    message = _read(IncomingText, body)
    number = national(message.number)
    if number is None:
        raise InvalidInput("号码不对")
    line: TextLine = request.app.state.texts
    await line.received(TextMessage(message.id, number, message.body.replace("\x00", "")))


@router.post("/sms/receipt", status_code=204)
async def text_receipt(request: Request, body: SignedBody) -> None:
    """What became of a text that was sent."""
    told = _read(Receipt, body)
    state = State.RECEIVED if told.received else State.FAILED
    async with request.app.state.database.unit_of_work() as session:
        await receipt(session, CHANNEL, told.id, state, told.reason or None)


def _read(model: type[_Model], body: bytes) -> _Model:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise HotlineError("请求不是 UTF-8 编码") from error
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise InvalidInput("请求内容不对") from error


def _happening(event: Event) -> Happening:
    match event.event:
        case "said" if event.text.strip():
            return Said(event.text.replace("\x00", ""), event.confidence)
        case "pressed" if event.digits:
            return Pressed(event.digits)
        case "returned":
            return Returned(event.reached)
        case _:
            return Silent()


def _told(answer: Answer) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")
