"""What Twilio takes as TwiML: verbs, nesting, attributes and their values. Anything else is refused, as
Twilio refuses it (errors 12100, 12200, 13310 … and warnings 13327/13328 that lose the caller's words).
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

_LANGUAGES_HEARD = {"cmn-Hans-CN", "cmn-Hans-HK", "cmn-Hant-TW", "yue-Hant-HK", "en-US"}
_VOICES = {
    "cmn-CN": {"Polly.Zhiyu", "Polly.Zhiyu-Neural", "Google.cmn-CN-Standard-A"},
    "en-US": {"Polly.Joanna"},
}
_NUMBER = re.compile(r"\+[1-9]\d{6,14}|[1-9]\d{2,5}")
_ADDRESS = re.compile(r"https?://[^\s]+")
_FLAG, _COUNT, _TEXT = r"true|false", r"\d{1,4}", r".*"
_METHOD, _KEY = r"GET|POST", r"[0-9*#]?"
_CALLBACK = {
    "recordingStatusCallback": _ADDRESS.pattern,
    "recordingStatusCallbackMethod": _METHOD,
    "recordingStatusCallbackEvent": r"[a-z\- ]+",
}
_VERBS = {
    "Say", "Gather", "Pause", "Redirect", "Dial", "Record", "Hangup", "Play", "Start", "Stop",
}  # fmt: skip
# verb → (attributes with the pattern of their values, what may stand inside)
VERBS: dict[str, tuple[dict[str, str], set[str]]] = {
    "Response": ({}, _VERBS),
    "Say": ({"language": _TEXT, "voice": _TEXT, "loop": _COUNT}, set()),
    "Gather": (
        {
            "input": r"dtmf|speech|dtmf speech|speech dtmf",
            "language": _TEXT,
            "action": _ADDRESS.pattern,
            "method": _METHOD,
            "actionOnEmptyResult": _FLAG,
            "bargeIn": _FLAG,
            "speechTimeout": r"auto|\d{1,3}",
            "speechModel": r"[a-z_0-9\-]+",
            "timeout": _COUNT,
            "numDigits": _COUNT,
            "finishOnKey": _KEY,
            "profanityFilter": _FLAG,
            "hints": _TEXT,
        },
        {"Say", "Pause", "Play"},
    ),
    "Pause": ({"length": _COUNT}, set()),
    "Redirect": ({"method": _METHOD}, set()),
    "Hangup": ({}, set()),
    "Record": (
        {
            "action": _ADDRESS.pattern,
            "method": _METHOD,
            "maxLength": _COUNT,
            "finishOnKey": r"[0-9*#]{0,12}",
            "playBeep": _FLAG,
            "timeout": _COUNT,
            "trim": r"trim-silence|do-not-trim",
            **_CALLBACK,
        },
        set(),
    ),
    "Dial": (
        {
            "action": _ADDRESS.pattern,
            "method": _METHOD,
            "timeout": _COUNT,
            "answerOnBridge": _FLAG,
            "callerId": _NUMBER.pattern,
            "record": r"do-not-record|record-from-(?:answer|ringing)(?:-dual)?",
            **_CALLBACK,
        },
        {"Number", "Conference"},
    ),
    "Start": ({}, {"Transcription"}),
    "Stop": ({}, {"Transcription"}),
    "Transcription": (
        {
            "name": _TEXT,
            "track": r"inbound_track|outbound_track|both_tracks",
            "statusCallbackUrl": _ADDRESS.pattern,
            "statusCallbackMethod": _METHOD,
            "inboundTrackLabel": _TEXT,
            "outboundTrackLabel": _TEXT,
            "partialResults": _FLAG,
            "languageCode": r"[A-Za-z]{2,3}(?:-[A-Za-z]{2,4})*",
            "transcriptionEngine": r"google|deepgram",
            "profanityFilter": _FLAG,
            "speechModel": r"[a-z_0-9\-]+",
            "hints": _TEXT,
            "enableAutomaticPunctuation": _FLAG,
        },
        set(),
    ),
    "Number": ({"statusCallback": _ADDRESS.pattern, "statusCallbackEvent": r"[a-z ]+"}, set()),
    "Conference": (
        {
            "beep": r"true|false|onEnter|onExit",
            "startConferenceOnEnter": _FLAG,
            "endConferenceOnExit": _FLAG,
            "record": r"do-not-record|record-from-start",
            **_CALLBACK,
        },
        set(),
    ),
}
_NEED_ACTION = ("Gather", "Record", "Dial")
LONGEST = 64 * 1024


class TwilioRefuses(AssertionError):
    """Twilio would log an error and end the call."""


def document(body: str, content_type: str) -> ElementTree.Element:
    """The document of ``body``. Raises TwilioRefuses for whatever Twilio does not take."""
    if content_type.partition(";")[0] not in ("text/xml", "application/xml"):
        raise TwilioRefuses(f"12300 content type {content_type}")
    if len(body.encode()) > LONGEST:
        raise TwilioRefuses("11750 document larger than 64 KB")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise TwilioRefuses(f"12100 {error}") from error
    if root.tag != "Response":
        raise TwilioRefuses("12102 no Response")
    _check(root)
    return root


def _check(element: ElementTree.Element) -> None:
    if element.tag not in VERBS:
        raise TwilioRefuses(f"12200 unknown verb {element.tag}")
    attributes, inside = VERBS[element.tag]
    for name, value in element.attrib.items():
        if name not in attributes:
            raise TwilioRefuses(f"12200 {element.tag} has no attribute {name}")
        if not re.fullmatch(attributes[name], value, re.DOTALL):
            raise TwilioRefuses(f"12200 {element.tag} {name}={value!r}")
    if element.tag in _NEED_ACTION and "action" not in element.attrib:
        raise TwilioRefuses(f"{element.tag} without action asks the same address again")
    match element.tag:
        case "Gather":
            _check_gather(element)
        case "Say":
            _check_say(element)
        case "Redirect" if not _ADDRESS.fullmatch((element.text or "").strip()):
            raise TwilioRefuses("11100 redirect to nowhere")
        case "Number" if not _NUMBER.fullmatch((element.text or "").strip()):
            raise TwilioRefuses(f"13224 number {element.text!r}")
        case "Conference" if not (element.text or "").strip():
            raise TwilioRefuses("13230 conference without a name")
        case "Dial" if len(element) != 1:
            raise TwilioRefuses("13221 nobody to dial")
    for child in element:
        if child.tag not in inside:
            raise TwilioRefuses(f"12200 {child.tag} within {element.tag}")
        _check(child)


def _check_gather(gather: ElementTree.Element) -> None:
    if gather.get("language", "en-US") not in _LANGUAGES_HEARD:
        raise TwilioRefuses(f"13334 language {gather.get('language')}")
    if gather.get("speechTimeout") == "auto" and "speechModel" in gather.attrib:
        raise TwilioRefuses("13327 speechTimeout auto with a speechModel")
    if not 1 <= int(gather.get("timeout", "5")) <= 600:
        raise TwilioRefuses("13314 timeout")
    if int(gather.get("numDigits", "1")) < 1:
        raise TwilioRefuses("13313 numDigits")
    hints = gather.get("hints", "").split(",")
    if len(hints) > 500 or any(len(hint) > 100 for hint in hints):
        raise TwilioRefuses("13335 hints")


def _check_say(say: ElementTree.Element) -> None:
    language, voice = say.get("language", "en-US"), say.get("voice")
    if voice is not None and voice not in _VOICES.get(language, ()):
        raise TwilioRefuses(f"13520 voice {voice} does not speak {language}")
    text = (say.text or "").strip()
    if not text or len(text) > 4096:
        raise TwilioRefuses("13520 nothing or too much to say")
