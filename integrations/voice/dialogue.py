"""What is done with what a caller does. Pure: the call's memory and a happening give a step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from bot.actions.dialogue import is_yes
from bot.gateway import PERSON
from bot.inputs import ChoiceInput, DigitsInput, VoiceInput
from bot.understanding import at_the_gate
from core.replies import Choice
from integrations.voice.port import (
    Action,
    HangUp,
    Happening,
    Listen,
    Pause,
    Pressed,
    Returned,
    Said,
    Say,
)
from integrations.voice.speech import closed, expects_number, key_said, menu, with_digits

# Below this confidence (0..1) of the recogniser the caller is asked whether it was heard right.
SURE = 0.6
# Seconds between two words to somebody who waits.
HOLD_SECONDS = 15
ONE, MORE, AGAIN, PERSON_KEY = "1", "9", "*", "0"
NOT_HEARD = "没有听到您说话，请再说一遍。"
SAY_AGAIN = "请再说一遍，说慢一点。也可以按0转人工。"
WRONG_KEY = "没有这个选项。"
HOLD = "要我们回拨请按1，留言请按2，回到智能助手请按3，或者继续等候。"
LEFT = "话务员已离开通话。要继续找话务员请按2，回到智能助手请按1，没有别的事可以挂机。"
BYE = "感谢您的来电，再见。"
RESUME = "刚才的电话断了，您有一件事还没有登记完。接着登记请按1，说别的事请按2。"
MENU = [
    Choice(title="办事咨询", value="menu:guide"),
    Choice(title="反映问题", value="menu:case"),
    Choice(title="查进度", value="case:progress"),
]
_DENIES = ("不对", "不是", "错", "没有", "否")
_REPEAT = ("再说一遍", "没听清", "重复", "再讲一遍")
_CONTINUE = ("继续", "接着", "往下")
_PERSON_WANTED = re.compile(r"人工|话务员|接线员|继续等|接着等|转接")
_DONE = re.compile(r"(?:没有?|没别的|没啥|没什么|不用|好的?|行|谢谢|再见|拜拜)[^我]{0,8}")
_ANEW = ("别的", "新的", "另外", "不用", "不是")


class Begun(BaseModel):
    """A turn that the gateway has and has not answered yet."""

    client_id: str
    heard: VoiceInput | ChoiceInput | DigitsInput


class Memory(BaseModel):
    """What is kept of a call between two requests.

    ``text`` was said last, with ``choices`` on the keys from 1 on and ``rest`` still unsaid;
    ``unsure`` was heard badly and awaits a yes; ``resume`` is the conversation of the dropped call
    that was offered; ``begun`` is a turn that takes long; ``emergency`` is the number dialled.
    """

    text: str = ""
    choices: list[Choice] = []
    rest: list[str] = []
    silences: int = 0
    unsure: str | None = None
    resume: str | None = None
    begun: Begun | None = None
    emergency: str = ""


@dataclass(frozen=True)
class Ask:
    """Give this to the gateway."""

    heard: VoiceInput | ChoiceInput | DigitsInput


@dataclass(frozen=True)
class Tell:
    """Say this; ``memory`` is what is kept."""

    actions: list[Action]
    memory: Memory


@dataclass(frozen=True)
class Do:
    """Something that changes the call itself."""

    what: Literal[
        "resume", "forget", "call_back", "record", "recorded", "hold", "back", "queue", "left",
        "dialled",
    ]  # fmt: skip
    reached: bool = False


Step = Ask | Tell | Do
HANDOVER = Ask(ChoiceInput(kind="choice", value=PERSON[1], title=PERSON[0]))
BACK_TO_ASSISTANT = Ask(ChoiceInput(kind="choice", value="assistant", title="回到智能助手"))


def decide(state: str, memory: Memory, happening: Happening) -> Step:
    """The step for ``happening`` in a call that is in ``state`` (of `bot.calls.models.Call`)."""
    if memory.begun is not None:
        return Ask(memory.begun.heard)
    match state, happening:
        case "seat", _:
            return Do("back")
        case "left", _:
            return _when_left(happening)
        case "emergency", Returned(reached=reached):
            return Do("dialled", reached)
        case (("waiting" | "emergency"), _):
            return _while_waiting(memory, happening)
        case _, Pressed(digits=digits):
            return _pressed(memory, digits)
        case _, Said(text=text, confidence=confidence) if text.strip():
            return _said(memory, text.strip(), confidence)
        case _:
            return _silent(memory)


def _while_waiting(memory: Memory, happening: Happening) -> Step:
    match happening:
        case Pressed(digits="1"):
            return Do("call_back")
        case Pressed(digits="2"):
            return Do("record")
        case Pressed(digits="3"):
            return BACK_TO_ASSISTANT
        case Said(text=text) if text.strip():
            return Ask(_voice(text.strip(), None))
        case Returned():
            return Do("recorded")
        case _:
            return Do("hold")


def _when_left(happening: Happening) -> Step:
    """The seat has left the room and the caller is still there: the caller says who goes on."""
    match happening:
        case Pressed(digits="1"):
            return BACK_TO_ASSISTANT
        case Pressed(digits=("2" | "0")):
            return Do("queue")
        case Said(text=text) if _PERSON_WANTED.search(text):
            return Do("queue")
        case Said(text=text) if _DONE.fullmatch(text.strip("，。！!,. ")):
            return farewell()
        case Said(text=text) if text.strip():
            return BACK_TO_ASSISTANT
        case _:
            return Do("left")


def farewell() -> Tell:
    """Say good-bye and end the call."""
    return Tell([Say(text=BYE), HangUp()], Memory())


def _pressed(memory: Memory, digits: str) -> Step:
    digits = digits.rstrip("#")
    if digits == PERSON_KEY:
        return HANDOVER
    if digits in ("", AGAIN):
        return again(memory)
    if memory.unsure is not None:
        if digits == ONE:
            return Ask(_voice(memory.unsure, None))
        return listen(SAY_AGAIN, memory, unsure=None)
    if memory.resume is not None:
        return Do("resume" if digits == ONE else "forget")
    if digits == MORE and memory.rest:
        return more(memory)
    if len(digits) > 1 or not memory.choices:
        return Ask(DigitsInput(kind="digits", digits=digits[:32]))
    return _chosen(memory, digits)


def _chosen(memory: Memory, key: str) -> Step:
    place = int(key) - 1 if key.isdecimal() else -1
    if not 0 <= place < len(memory.choices):
        return again(memory, WRONG_KEY)
    choice = memory.choices[place]
    return Ask(ChoiceInput(kind="choice", value=choice.value, title=choice.title))


def _said(memory: Memory, text: str, confidence: float | None) -> Step:
    if at_the_gate(text) is not None:
        # Nobody in danger is asked to repeat it, and nobody is kept from a person.
        return Ask(_voice(text, confidence))
    low = confidence is not None and confidence < SURE
    plain = text.rstrip("。！!？?")
    if memory.unsure is not None and not low:
        if is_yes(plain):
            return Ask(_voice(memory.unsure, None))
        if any(word in plain for word in _DENIES) and len(plain) <= 6:
            return listen(SAY_AGAIN, memory, unsure=None)
    if memory.resume is not None and not low:
        if is_yes(plain) or any(word in plain for word in _CONTINUE):
            return Do("resume")
        if any(word in plain for word in _ANEW) and len(plain) <= 8:
            return Do("forget")
    if low:
        return listen(_is_it(text), memory, unsure=text)
    if any(word in plain for word in _REPEAT) and len(plain) <= 12:
        return again(memory)
    if memory.rest and any(word in plain for word in _CONTINUE) and len(plain) <= 6:
        return more(memory)
    key = key_said(plain)
    if key is not None and memory.choices:
        return _chosen(memory, key)
    named = next((c for c in memory.choices if c.title == plain), None)
    if named is not None:
        return Ask(ChoiceInput(kind="choice", value=named.value, title=named.title))
    return Ask(_voice(text, confidence))


def _voice(text: str, confidence: float | None) -> VoiceInput:
    return VoiceInput(kind="voice", text=with_digits(text)[:4000], confidence=confidence)


def _silent(memory: Memory) -> Step:
    """Asked again, then offered the keys, then given to a person."""
    silences = memory.silences + 1
    if silences == 1:
        return again(memory, NOT_HEARD, silences=1)
    if silences == 2:
        choices = memory.choices or MENU
        kept = memory.model_copy(update={"choices": choices, "silences": 2})
        return listen(f"您也可以按键：{menu(choices)}转人工请按0。", kept)
    return HANDOVER


def again(memory: Memory, before: str = "", *, silences: int = 0) -> Tell:
    """What was said last, once more."""
    kept = memory.model_copy(update={"silences": silences})
    said = memory.text if memory.unsure is None else _is_it(memory.unsure)
    return Tell([_listening(before + said, kept)], kept)


def more(memory: Memory) -> Tell:
    """The next part of what was too long to be said at once."""
    text = part(memory.rest[0], memory.rest[1:], memory.choices)
    kept = memory.model_copy(update={"text": text, "rest": memory.rest[1:], "silences": 0})
    return Tell([_listening(text, kept)], kept)


def part(text: str, rest: list[str], choices: list[Choice]) -> str:
    """One part as it is said: with the way to the next one, or with the menu after the last."""
    return f"{closed(text)}继续听请按9。" if rest else f"{closed(text)}{menu(choices)}"


def listen(text: str, memory: Memory, *, unsure: str | None = None) -> Tell:
    """Say ``text`` and listen; what was said before stays what is repeated."""
    kept = memory.model_copy(update={"unsure": unsure})
    return Tell([_listening(text, kept)], kept)


def _is_it(heard: str) -> str:
    return f"我听到的是：{heard}。对请按1，不对请按2或者再说一遍。"


def _listening(text: str, memory: Memory) -> Listen:
    one_key = bool(memory.unsure or memory.resume or memory.choices or memory.rest)
    many = expects_number(text) and not (memory.unsure or memory.resume)
    return Listen(
        text=text + ("按键请以井号结束。" if many else ""),
        keys=1 if one_key and not many else None,
        hints=[c.title for c in memory.choices],
    )


def begin(text: str, memory: Memory) -> Tell:
    """Say ``text`` as the beginning of something new, and keep it as what was said last."""
    kept = memory.model_copy(update={"text": text})
    return Tell([_listening(text, kept)], kept)


def holding(before: str, text: str) -> Tell:
    """Say ``before`` and ``text`` to who waits for a person; only ``text`` is repeated."""
    listening = Listen(text=before + text, keys=1, seconds=HOLD_SECONDS)
    return Tell([listening], Memory(text=text))


def please_wait(memory: Memory, begun: Begun) -> Tell:
    """The answer takes longer than an exchange waits: keep the caller company, ask again."""
    told: list[Action] = [Say(text="请稍等。")] if memory.begun is None else []
    return Tell([*told, Pause(seconds=1)], memory.model_copy(update={"begun": begun}))
