"""A telephone call as Twilio makes it: signs, posts, walks the returned TwiML, fires the callbacks."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import httpx
from twilio.request_validator import RequestValidator

from tests.integrations.phone.twiml_rules import TwilioRefuses, document

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "twilio-token-of-the-tests"
BASE = "https://hotline.example"
LINE = "+861012345000"
# A caller who waits longer than this for a word hangs up; Twilio itself waits 15 s.
PATIENCE = 5.0


def signed(url: str, fields: Mapping[str, str], token: str = TOKEN) -> dict[str, str]:
    """The headers of a request of Twilio's."""
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, dict(fields))}


def new_sid(kind: str) -> str:
    """An id as Twilio gives them: ``CA`` calls, ``RE`` recordings, ``SM`` messages."""
    return kind + uuid.uuid4().hex


@dataclass
class CallSimulator:
    """One call. ``say``, ``press`` and ``keep_silent`` return what the caller hears until the line
    listens again. Every request goes out ``times`` times, and must get the same answer."""

    http: httpx.AsyncClient
    number: str = "+8613800001234"
    vouched: bool = False
    times: int = 1
    sid: str = field(default_factory=lambda: new_sid("CA"))
    waiting: ElementTree.Element | None = None
    ended: bool = False
    # Where what is said in a room is told to, while it is transcribed; and how much was told.
    transcribed_to: str | None = None
    utterances: int = 0
    # Told of every time the line has the call wait; a test lets the line go on with it.
    on_wait: Callable[[], None] = lambda: None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def _fields(self, **more: str) -> dict[str, str]:
        vouched = {"StirVerstat": "TN-Validation-Passed-A"} if self.vouched else {}
        return {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "CallSid": self.sid,
            "CallStatus": "in-progress",
            "Direction": "inbound",
            "From": self.number,
            "To": LINE,
            **vouched,
            **more,
        }

    async def post(self, url: str, fields: dict[str, str]) -> httpx.Response:
        """One signed request; the answer must come in time."""
        begun = time.monotonic()
        answer = await self.http.post(url, data=fields, headers=signed(url, fields))
        assert time.monotonic() - begun < PATIENCE, "the caller has waited too long"
        return answer

    async def _ask(self, url: str, **more: str) -> list[str]:
        fields = self._fields(**more)
        self.requests.append((url, fields))
        answers = [await self.post(url, fields) for _ in range(self.times)]
        assert {a.status_code for a in answers} == {200}, answers[0].text
        assert len({a.text for a in answers}) == 1, "a repeat was answered in another way"
        return await self.follow(answers[0].text, answers[0].headers["content-type"])

    async def follow(self, body: str, content_type: str = "text/xml") -> list[str]:
        """Walk a document until the line listens, dials, records or hangs up; what was heard."""
        heard: list[str] = []
        self.waiting = None
        for verb in document(body, content_type):
            match verb.tag:
                case "Say":
                    heard.append((verb.text or "").strip())
                case "Gather":
                    heard += [(say.text or "").strip() for say in verb.iter("Say")]
                    self.waiting = verb
                    return heard
                case "Start":
                    self.transcribed_to = verb[0].attrib["statusCallbackUrl"]
                case "Stop":
                    self.transcribed_to = None
                case "Dial" | "Record":
                    self.waiting = verb
                    return heard
                case "Redirect":
                    self.on_wait()
                    return heard + await self._ask((verb.text or "").strip())
                case "Hangup":
                    await self.hang_up()
                    return heard
        raise TwilioRefuses("the document ends, and the call with it")

    async def ring(self) -> list[str]:
        """Call the line."""
        return await self._ask(f"{BASE}/twilio/voice", CallStatus="ringing")

    async def say(self, text: str, confidence: float = 0.93) -> list[str]:
        """Speak to the line."""
        gather = self._listening("speech")
        said = {"SpeechResult": text, "Confidence": str(confidence)}
        return await self._ask(gather.attrib["action"], **said)

    async def press(self, keys: str) -> list[str]:
        """Press keys; as many as are waited for count, and what ends them does not."""
        gather = self._listening("dtmf")
        end = gather.get("finishOnKey", "#")
        digits = keys.partition(end)[0] if end else keys
        digits = digits[: int(gather.get("numDigits", "99"))]
        return await self._ask(gather.attrib["action"], Digits=digits)

    async def keep_silent(self) -> list[str]:
        """Say and press nothing until the line gives up listening."""
        gather = self._listening("")
        if gather.get("actionOnEmptyResult") != "true":
            raise TwilioRefuses("silence falls through to the end of the document")
        return await self._ask(gather.attrib["action"])

    def _listening(self, kind: str) -> ElementTree.Element:
        assert self.waiting is not None and self.waiting.tag == "Gather", "nobody listens"
        assert kind in self.waiting.get("input", "dtmf")
        return self.waiting

    @property
    def dialled(self) -> str:
        """The number or the room that the caller is being connected with."""
        assert self.waiting is not None and self.waiting.tag == "Dial", "nobody is dialled"
        return (self.waiting[0].text or "").strip()

    async def dial_ends(self, status: str) -> list[str]:
        """The dialled party: ``completed``, ``busy``, ``no-answer``, ``failed``."""
        assert self.waiting is not None and self.waiting.tag == "Dial"
        action = self.waiting.attrib["action"]
        return await self._ask(action, DialCallStatus=status, DialCallSid=new_sid("CA"))

    async def leave_message(self, seconds: int = 7) -> list[str]:
        """Speak after the beep; the recording's callback comes late, after the next answer."""
        assert self.waiting is not None and self.waiting.tag == "Record"
        verb = self.waiting
        recording = {
            "RecordingSid": new_sid("RE"),
            "RecordingUrl": f"https://api.twilio.com/2010-04-01/Recordings/{self.sid}",
            "RecordingDuration": str(seconds),
        }
        heard = await self._ask(verb.attrib["action"], **recording, Digits="#")
        await self.callback(
            verb.attrib["recordingStatusCallback"], RecordingStatus="completed", **recording
        )
        return heard

    async def room_recorded(self, url: str) -> None:
        """The callback of a conference's recording, which names the conference and no call."""
        fields = {
            "AccountSid": ACCOUNT,
            "ConferenceSid": new_sid("CF"),
            "RecordingSid": new_sid("RE"),
            "RecordingUrl": "https://api.twilio.com/2010-04-01/Recordings/room",
            "RecordingStatus": "completed",
            "RecordingDuration": "61",
        }
        for _ in range(self.times):
            assert (await self.post(url, fields)).status_code == 204

    async def talk(
        self,
        text: str,
        *,
        caller: bool = True,
        number: int | None = None,
        final: bool = True,
        ago: int = 0,
    ) -> None:
        """Somebody speaks in the room, and Twilio's transcription of it comes back, ``ago`` seconds
        later."""
        assert self.transcribed_to is not None, "nobody transcribes"
        self.utterances += 1
        content = {"transcript": text, "confidence": 0.9} if final else {"transcript": text}
        await self.callback(
            self.transcribed_to,
            TranscriptionSid=f"GT{self.sid[2:]}",
            TranscriptionEvent="transcription-content",
            TranscriptionData=json.dumps(content, ensure_ascii=False),
            SequenceId=str(self.utterances if number is None else number),
            Timestamp=(datetime.now(UTC) - timedelta(seconds=ago))
            .isoformat()
            .replace("+00:00", "Z"),
            Track="inbound_track" if caller else "outbound_track",
            LanguageCode="cmn-Hans-CN",
            Final=str(final).lower(),
        )

    async def callback(self, url: str, **more: str) -> None:
        """A callback of Twilio's, as often as requests go out."""
        for _ in range(self.times):
            answer = await self.post(url, self._fields(**more))
            assert answer.status_code in (200, 204), answer.text

    async def hang_up(self) -> None:
        """The call is over; Twilio tells so."""
        self.ended, self.waiting = True, None
        url = f"{BASE}/twilio/voice/status"
        await self.callback(url, CallStatus="completed", CallDuration="42")
