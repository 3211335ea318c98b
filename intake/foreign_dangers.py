"""Dangers told in English, for who lives or travels here and does not speak Chinese.

Few and plain: who is in danger writes short sentences. What asks how something is done, looks back or
fears is left to the assistant, as in `intake.emergencies`; who speaks of dying is always heard.
"""

from __future__ import annotations

import re

from intake import emergency_kinds as kinds
from intake.emergency_kinds import Emergency

# A letter is no cry for help.
_LONGEST = 300
_WHO = r"(?:some(?:one|body)|people|a man|he|she|they|my (?:husband|wife|boyfriend|girlfriend|neighbou?r|father))"
_BEATS = r"(?:beat|hit|attack|stabb?|chas|follow|strangl|threaten|rap|kill)(?:ing|ed|s|e)?"
_PATTERNS: tuple[tuple[Emergency, str], ...] = (
    (
        kinds.SELF_HARM,
        r"kill(?:ing)? myself|suicide|end(?:ing)? my life|(?:don'?t|do not) want to live|want to die",
    ),
    (kinds.OTHERS_LIFE, r"(?:is )?(?:going|about|trying|threatening) to jump"),
    (kinds.GAS, r"gas (?:is )?leak(?:ing)?|smell(?:s|ing)? (?:of )?gas|leaking gas"),
    (
        kinds.FIRE,
        r"^(?:help\W*)?fire$|fire!|(?:there is|there's|is on|caught|catching|house|big|a) fire|on fire"
        r"|burning down|smoke (?:is )?(?:everywhere|coming|filling)|explosion",
    ),
    (
        kinds.TRAPPED,
        r"(?:trapped|stuck|locked) (?:in|inside)(?: \w+)? (?:elevator|lift|car|building|room|well)",
    ),
    (kinds.WATER, r"drown(?:ing|ed)?"),
    (
        kinds.TRAFFIC,
        r"(?:car|traffic|road|bus|bike|motorbike) (?:accident|crash)|hit by a (?:car|truck|bus|bike)",
    ),
    (
        kinds.MEDICAL,
        r"heart attack|having a stroke|not breathing|(?:can'?t|cannot) breathe|unconscious|passed out"
        r"|collapsed|bleeding|choking|seizure|(?:call|need|send) an ambulance|overdose|in labou?r",
    ),
    (kinds.POISON, r"(?:was|were|been|got) poisoned|(?:drank|swallowed) (?:poison|pesticide)"),
    (
        kinds.VIOLENCE,
        rf"{_WHO}(?:'s| is| are| has| have)? {_BEATS} (?:me|him|her|us|people|someone)"
        r"|(?:with|has|have) a (?:knife|gun)|being (?:attacked|robbed|stabbed)|kidnapped|raped"
        r"|(?:breaking|broke) into (?:my|the|our)|call the police",
    ),
    (
        kinds.MISSING,
        r"my (?:child|son|daughter|kid|baby|mother|father) (?:is|has gone|went) missing"
        r"|lost my (?:child|son|daughter|kid)",
    ),
    (kinds.UNNAMED, r"^(?:please |somebody |someone )*help me(?: please| now)?$"),
)
_DANGERS = tuple(
    (kind, re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)) for kind, words in _PATTERNS
)
_CAN_WAIT = re.compile(
    r"\b(?:yesterday|last (?:week|night|month|year)|ago|used to|how (?:do|can|to|much)|what (?:is|are)"
    r"|where (?:do|can|is)|department|station|extinguisher|safety|permit|licen[cs]e|certificate"
    r"|insurance|drill|exit|hydrant|reimburse|compensation|worried|afraid|if there|might|could be"
    r"|put out|already over)\b",
    re.IGNORECASE,
)
_ENGLISH = re.compile(r"[a-z]+(?:['’][a-z]+)?", re.IGNORECASE)
_CHINESE = re.compile(r"[一-龥]")


def is_english(text: str) -> bool:
    """Whether ``text`` is told in English: words of it, and no Chinese."""
    return _ENGLISH.search(text) is not None and _CHINESE.search(text) is None


def screen_english(text: str) -> Emergency | None:
    """The emergency in ``text``, one message in English; None for any other language."""
    if not is_english(text) or len(text) > _LONGEST:
        return None
    plain = text.replace("’", "'").strip()
    waits = _CAN_WAIT.search(plain) is not None
    for kind, danger in _DANGERS:
        if danger.search(plain.rstrip("!. ")) or danger.search(plain):
            return kind if not waits or kind in (kinds.SELF_HARM, kinds.OTHERS_LIFE) else None
    return None


def advice_in_english(emergency: Emergency) -> str:
    """What is added for who told it in English: the number, and what is wanted next."""
    return (
        f"This is an emergency. Please call {emergency.number} now and go to a safe place. "
        "The staff on duty have been told. If you can, tell me exactly where you are."
    )
