"""Greetings, thanks, anger, and what was not understood."""

from __future__ import annotations

from bot.actions.guide import look_up, tell
from bot.actions.take_in import sounds_like_a_matter, take_in
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from bot.seats.queueing import hand_over
from core.replies import say
from intake import questions
from intake.service import read
from kb.recording import record_unclear

# After so many turns not understood in a row a person takes over.
_PATIENCE = 2
_WORDS = {
    "greet": "您好，这里是示例市12345智能助手。请问要咨询办事，还是反映问题？",
    "thanks": "不客气。还有需要随时说。",
    "goodbye": "感谢来访，再见。",
    "chitchat": "我是12345的智能助手，能帮您查办事指南、登记诉求、查进度，也可以为您转人工。",
    "abuse": "听得出您很着急。请告诉我是什么事，我马上登记；也可以现在就转人工。",
}


async def small_talk(talk: Talk) -> Replies:
    """Answer kindly; an intake that waits is not forgotten."""
    if talk.act in ("chitchat", "abuse") and talk.draft is None and sounds_like_a_matter(talk):
        return await take_in(talk)
    text = _WORDS.get(talk.act or "", _WORDS["chitchat"])
    if talk.draft is not None:
        pending = questions.question(read(talk.draft))
        return [pending.model_copy(update={"text": f"{text}\n{pending.text}"})]
    if talk.act == "goodbye":
        return [say(text)]
    return [say(text, *HELP_CHOICES)]


async def unclear(talk: Talk) -> Replies:
    """Not understood: look whether it is a guide question or a matter after all, then ask once,
    then offer a person, then call one."""
    answer = look_up(talk, talk.context.get("entry"))
    if answer.kind in ("answer", "units", "notice"):
        return await tell(talk, answer)
    if sounds_like_a_matter(talk):
        talk.act = "file_case"
        return await take_in(talk)
    await record_unclear(talk.session, answer, talk.text, talk.conversation.id, talk.turn_id)
    failures = int(talk.context.get("failures", 0)) + 1
    talk.remember(failures=failures)
    if failures > _PATIENCE:
        return [await hand_over(talk.session, talk.conversation, "连续没有听懂")]
    if failures == 1:
        return [say("抱歉没有听懂，请换个说法，或者选一项：", *HELP_CHOICES)]
    return [
        say(
            "还是没能听懂，怕耽误您的事。可以转人工，也可以填表留下诉求，由工作人员联系您。",
            ("转人工", "handoff"),
            ("填表反映", "form"),
            *HELP_CHOICES[:3],
        )
    ]
