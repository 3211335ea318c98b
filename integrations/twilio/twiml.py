"""Answers of the voice port as TwiML."""

from __future__ import annotations

from twilio.twiml.voice_response import Conference, Dial, Gather, Start, Stop, VoiceResponse

from core.settings import Settings
from integrations.voice.numbers import international
from integrations.voice.port import (
    Answer,
    HangUp,
    Join,
    Leave,
    Listen,
    Pause,
    Record,
    Say,
)
from integrations.voice.port import Dial as DialAction

VOICE = {"language": "cmn-CN", "voice": "Polly.Zhiyu-Neural"}
HEARING = "cmn-Hans-CN"
# What is listened for besides the choices of the moment (Twilio takes 500 hints of 100 characters).
HINTS = ["转人工", "查进度", "反映问题", "办事咨询", "工单编号", "查询码", "匿名", "投诉"]
# Seconds that a number is rung.
RINGING = 30

_MOST_HINTS = 100


def twiml(answer: Answer, call: str, settings: Settings) -> str:
    """The TwiML document of ``answer`` in ``call``; the next request goes to the step it names."""
    response = VoiceResponse()
    action = f"{settings.address}/twilio/voice/steps/{answer.step}"
    for one in answer.actions:
        match one:
            case Say(text=text):
                response.say(text, **VOICE)
            case Listen():
                response.append(_gather(one, action))
            case Pause(seconds=seconds):
                response.pause(length=seconds)
                response.redirect(action, method="POST")
            case DialAction(number=number):
                response.append(_dial(number, action, call, settings))
            case Join(room=room):
                put_into(response, room, action, call, settings)
            case Leave(room=room) if settings.transcribe_calls:
                stop = Stop()
                stop.transcription(name=room)
                response.append(stop)
            case Leave():
                pass
            case Record(seconds=seconds):
                response.record(
                    action=action,
                    method="POST",
                    max_length=seconds,
                    finish_on_key="#",
                    play_beep=True,
                    recording_status_callback=_recorded(call, settings),
                )
            case HangUp():
                response.hangup()
    return str(response)


def _recorded(call: str, settings: Settings) -> str:
    # A room's recording names no call.
    return f"{settings.address}/twilio/voice/recording/{call}"


def _gather(listen: Listen, action: str) -> Gather:
    keys = {"num_digits": listen.keys} if listen.keys else {}
    gather = Gather(
        input="speech dtmf",
        language=HEARING,
        action=action,
        method="POST",
        action_on_empty_result=True,
        barge_in=True,
        speech_timeout="auto",
        timeout=listen.seconds,
        finish_on_key="#",
        profanity_filter=False,
        hints=",".join([*HINTS, *listen.hints][:_MOST_HINTS]),
        **keys,
    )
    gather.say(listen.text, **VOICE)
    return gather


def _dial(number: str, action: str, call: str, settings: Settings) -> Dial:
    dial = Dial(
        action=action,
        method="POST",
        timeout=RINGING,
        answer_on_bridge=True,
        caller_id=settings.twilio_number,
        record="record-from-answer-dual",
        recording_status_callback=_recorded(call, settings),
    )
    dial.number(international(number))
    return dial


def put_into(
    response: VoiceResponse, room: str, action: str, call: str, settings: Settings
) -> None:
    """Put a caller into ``room``, which is recorded from its start, and transcribed where that is
    wanted: of the caller's line the inbound track is the caller, the outbound one everybody else."""
    if settings.transcribe_calls:
        start = Start()
        start.transcription(
            name=room,
            track="both_tracks",
            language_code=HEARING,
            status_callback_url=f"{settings.address}/twilio/voice/heard/{call}/{room}",
            status_callback_method="POST",
            partial_results=False,
            profanity_filter=False,
            enable_automatic_punctuation=True,
            hints=",".join(HINTS),
        )
        response.append(start)
    dial = Dial(action=action, method="POST")
    dial.append(
        Conference(
            room,
            beep=False,
            start_conference_on_enter=True,
            end_conference_on_exit=False,
            record="record-from-start",
            recording_status_callback=_recorded(call, settings),
        )
    )
    response.append(dial)
