"""Twilio's webhooks. Each is answered within five seconds, and once, however often it comes."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from twilio.twiml.messaging_response import MessagingResponse

from core.errors import InvalidInput, NotFound, Unavailable
from integrations.sms.line import TextLine
from integrations.sms.port import TextMessage
from integrations.sms.repository import CHANNEL
from integrations.twilio.exchange import TwilioExchange
from integrations.twilio.signing import SignedForm
from integrations.twilio.twiml import twiml
from integrations.voice.line import Caller, VoiceLine
from integrations.voice.numbers import national
from integrations.voice.port import (
    Answer,
    Happening,
    Heard,
    Pause,
    Pressed,
    Returned,
    Said,
    Say,
    Silent,
)
from notices.service import receipt
from notices.vocabulary import State

router = APIRouter(prefix="/twilio", include_in_schema=False)
log = structlog.get_logger(__name__)

CARRIER = "twilio"
_CALL = re.compile(r"CA[0-9a-fA-F]{32}")
_TEXT = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
_RECEIPTS = {
    "delivered": State.RECEIVED,
    "undelivered": State.FAILED,
    "failed": State.FAILED,
}
_KEYS = re.compile(r"[0-9*#]{1,32}")
_OVER = ("completed", "busy", "failed", "no-answer", "canceled")
_NOT_REACHED = ("busy", "failed", "no-answer", "canceled")
_REACHED = ("completed", "answered")
# The network vouches for the number (STIR/SHAKEN, full attestation).
_VOUCHED = "TN-Validation-Passed-A"

DATABASE_DOWN = (OperationalError, PoolTimeout)
RECOVERING = "系统正在恢复，请稍等，不要挂断。"


class _Transcript(BaseModel):
    transcript: str = ""


Step = Annotated[int, Path(ge=1, le=100_000)]


@router.post("/voice")
async def ringing(request: Request, form: SignedForm) -> Response:
    """A call comes in."""
    return await _started(request, form)


@router.post("/voice/steps/{step}")
async def step(request: Request, step: Step, form: SignedForm) -> Response:
    """Something happened in a call. A call that is unknown begins here."""
    line, call = _line(request), _call(form)
    if form.get("CallStatus") in _OVER:
        await line.ended(CARRIER, call)
    try:
        answer = await line.happened(CARRIER, call, step, _happening(form))
    except NotFound:
        return await _started(request, form)
    except DATABASE_DOWN:
        # Nothing was done yet: the same step is asked again.
        answer = Answer(step=step, actions=[Say(text=RECOVERING), Pause(seconds=2)])
    return _told(request, call, answer)


@router.post("/voice/fallback")
async def fallback(request: Request, form: SignedForm) -> Response:
    """Twilio got no usable answer before: what was stored last is told again."""
    call = _call(form)
    try:
        return _told(request, call, await _line(request).where(CARRIER, call))
    except NotFound:
        return await _started(request, form)


@router.post("/voice/status")
async def status(request: Request, form: SignedForm) -> Response:
    """What became of a call; only its end matters here."""
    if form.get("CallStatus") in _OVER:
        await _line(request).ended(CARRIER, _call(form))
    return Response(status_code=204)


@router.post("/voice/rung/{room}")
async def rung(request: Request, room: str, form: SignedForm) -> Response:
    """What became of ringing a seat into ``room``: where nobody picked up, the caller waits again."""
    if form.get("CallStatus") in _NOT_REACHED:
        unreached = await _line(request).unreached(CARRIER, room)
        if unreached is not None:
            try:
                exchange: TwilioExchange = request.app.state.twilio
                await exchange.tell(*unreached)
            except Unavailable:
                # The next seat that answers takes the caller out of the room all the same.
                log.warning("caller_left_in_room")
    return Response(status_code=204)


@router.post("/voice/recording/{call}")
async def recording(request: Request, call: str, form: SignedForm) -> Response:
    """A recording of ``call`` is ready; that of a room names no call itself."""
    provider_id, address = form.get("RecordingSid", ""), form.get("RecordingUrl", "")
    seconds = form.get("RecordingDuration", "")
    if form.get("RecordingStatus") == "completed" and provider_id and address:
        await _line(request).recorded(
            CARRIER,
            call,
            provider_id[:64],
            address,
            int(seconds) if seconds.isdecimal() and len(seconds) < 7 else 0,
        )
    return Response(status_code=204)


@router.post("/voice/heard/{call}/{room}")
async def heard(request: Request, call: str, room: str, form: SignedForm) -> Response:
    """What was said in ``room``, transcribed; or that transcribing has failed."""
    line, number = _line(request), form.get("SequenceId", "")
    match form.get("TranscriptionEvent"):
        case "transcription-error":
            await line.deaf(CARRIER, call, room)
        case "transcription-content" if number.isdecimal() and len(number) < 7:
            said = _transcript(form.get("TranscriptionData", ""))
            by_caller = form.get("Track") == "inbound_track"
            # What is not final comes again, whole.
            if said and form.get("Final", "true") == "true":
                at = _time(form.get("Timestamp", ""))
                await line.heard(CARRIER, call, Heard(room, int(number), by_caller, said, at))
    return Response(status_code=204)


@router.post("/sms")
async def text(request: Request, form: SignedForm) -> Response:
    """A text comes in. What is answered is sent by the outbox, so that its arrival is known."""
    message_id, number = _message(form), national(form.get("From", ""))
    if number is not None:
        line: TextLine = request.app.state.texts
        body = form.get("Body", "").replace("\x00", "")
        await line.received(TextMessage(message_id, number, body))
    return Response(str(MessagingResponse()), media_type="text/xml")


@router.post("/sms/status")
async def text_status(request: Request, form: SignedForm) -> Response:
    """What became of a text that was sent."""
    state = _RECEIPTS.get(form.get("MessageStatus", ""))
    message_id, code = _message(form), form.get("ErrorCode", "")
    if state is not None:
        error = f"平台报告错误 {code[:10]}" if state is State.FAILED else None
        async with request.app.state.database.unit_of_work() as session:
            await receipt(session, CHANNEL, message_id, state, error)
    return Response(status_code=204)


async def _started(request: Request, form: dict[str, str]) -> Response:
    call, number = _call(form), national(form.get("From", ""))
    caller = Caller(number, form.get("StirVerstat", "").startswith(_VOUCHED))
    return _told(request, call, await _line(request).started(CARRIER, call, caller))


def _line(request: Request) -> VoiceLine:
    line: VoiceLine = request.app.state.voice
    return line


def _call(form: dict[str, str]) -> str:
    call = form.get("CallSid", "")
    if not _CALL.fullmatch(call):
        raise InvalidInput("没有这样的电话编号")
    return call


def _message(form: dict[str, str]) -> str:
    message = form.get("MessageSid", "")
    if not _TEXT.fullmatch(message):
        raise InvalidInput("没有这样的短信编号")
    return message


def _happening(form: dict[str, str]) -> Happening:
    if "DialCallStatus" in form:
        return Returned(form["DialCallStatus"] in _REACHED)
    if "RecordingUrl" in form:
        return Returned(True)
    if _KEYS.fullmatch(form.get("Digits", "")):
        return Pressed(form["Digits"])
    spoken = form.get("SpeechResult", "").replace("\x00", "").strip()
    return Said(spoken[:4000], _confidence(form.get("Confidence", ""))) if spoken else Silent()


def _transcript(given: str) -> str:
    try:
        return _Transcript.model_validate_json(given).transcript.replace("\x00", "").strip()
    except ValidationError:
        return ""


def _time(given: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _confidence(given: str) -> float | None:
    return float(given) if re.fullmatch(r"0(?:\.\d+)?|1(?:\.0+)?", given) else None


def _told(request: Request, call: str, answer: Answer) -> Response:
    settings = request.app.state.settings
    return Response(twiml(answer, call, settings), media_type="text/xml")
