"""After an alarm, while nobody has taken the talk: the way back to the assistant, in words.

The alarm itself stays until a seat answers it. Whatever is said here may be the next emergency, so
that is looked at first.
"""

from __future__ import annotations

import re

from bot import repository
from bot.actions import service_review
from bot.actions.dialogue import looks_like_question
from bot.actions.guide import look_up, tell
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from bot.alarms import raise_alarm
from bot.seats.queueing import release, while_waiting
from bot.understanding import understand
from core.database import now
from core.replies import say

_BACK_WORDS = re.compile(
    r"(?:回到?|换回?|转回?|找)(?:智能)?(?:助手|机器人)|不(?:用|想|要)?(?:等|找|转)(?:人工|人)?了|^(?:返回|继续)(?:办事|咨询|评价)?$|(?:接着|继续)评价"
)
_OVER = re.compile(
    r"(?<!还)没(?:什么|啥|大)?(?:事|危险|问题)(?:了|啦|喽)|(?:已经|都)(?:没事|安全|脱险)|(?:火|明火)?(?:已经?|都|给|被)?(?:扑)?灭(?:了|掉了)|虚惊|误会|(?:弄|搞|点|说|按)错了|"
    r"(?:已经?|都|刚)(?:打|拨|报)(?:过|了|通)?.{0,3}(?:110|119|120|122|12110|警)|(?:110|119|120|122|报警电话|警察|消防|救护车).{0,6}(?:打(?:过|通|了)|(?:已经?)?(?:来了|到了|在处理))|报(?:过|了)警|"
    r"(?:已经?|都)?(?:得救|救(?:出|上)来)了|(?:人|孩子|老人|娃)?(?:已经?)?(?:找到|醒|缓过来|送(?:到)?医院?)了|(?:处理|解决)好?了"
)
# Who asks where help is, or what to do, speaks of the emergency.
_OF_THE_ALARM = re.compile(
    r"(?:怎么|咋)(?:办|整|弄)(?!理)|还不?(?:来|到)|没来|什么时候(?:来|到)|多久(?:能)?(?:来|到)|在不在|有人吗|快"
)
_DANGER_AGAIN = re.compile(
    r"又(?!问)|还(?:在|有|没|不)|没(?:灭|醒|救|找到|人)|更|复燃|不通|占线|不接|快来|救命|疼|血|不敢|不行"
)
# Who says no more than that does what was advised; it is no other emergency.
_FOLLOWS = re.compile(
    r"(?:好|嗯|行|知道|明白|收到|谢)[^，。！]{0,3}|"
    r".{0,6}(?:出来|撤出来|下楼|离开|躲开|打开|关|关上|关掉|关好)(?:了|啦)"
)

_STILL_TOLD = (
    "刚才的紧急情况值班人员会继续跟进，情况有变请马上拨打 110、119 或 120，也可以随时告诉我。"
)


def wants_back(text: str) -> bool:
    """Whether ``text`` says that the danger is over or being seen to, or asks for the assistant."""
    if _BACK_WORDS.search(text):
        return True
    return bool(_OVER.search(text)) and not _DANGER_AGAIN.search(text)


def follows_advice(text: str) -> bool:
    """Whether ``text`` only says that the advice was heard or is being followed."""
    words = text.strip("，。！!,. ")
    return bool(_FOLLOWS.fullmatch(words)) and not _DANGER_AGAIN.search(words)


async def after_alarm(talk: Talk) -> Replies:
    """Another emergency, the way back, a question that a guide answers, or more for the seat."""
    found = understand(talk.text, talk.act, talk.confidence)
    alarm = found.decision.emergency if found.decision is not None else None
    if found.decision is not None and alarm is not None and not follows_advice(talk.text):
        await repository.record_decision(talk.session, talk.turn_id, found.decision)
        return [await raise_alarm(talk.session, talk.conversation, talk.text, alarm)]
    if wants_back(talk.text):
        release(talk.conversation)
        if again := await _review_under_way(talk):
            return [say(f"好的，平安就好。{_STILL_TOLD}我们接着评价。"), *again]
        return [say(f"好的，平安就好。{_STILL_TOLD}还有别的可以帮您吗？", *HELP_CHOICES)]
    if looks_like_question(talk.text) and not _OF_THE_ALARM.search(talk.text):
        answer = look_up(talk, None)
        if answer.kind in ("answer", "choices", "units"):
            release(talk.conversation)
            return [*await tell(talk, answer), say(_STILL_TOLD)]
    return await while_waiting(talk.session, talk.conversation, talk.text)


async def _review_under_way(talk: Talk) -> Replies:
    """The question of the review that the alarm broke into; words of a hazard are no matter to be
    taken in when the citizen goes back to the review."""
    if talk.draft is not None:
        if not talk.context.get("rating") or "评价" not in talk.text:
            return []
        talk.draft.state, talk.draft.changed_at = "dropped", now()
    return await service_review.resume(talk)
