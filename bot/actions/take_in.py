"""Taking a matter in: asking, summing up, filing."""

from __future__ import annotations

from bot.actions import repeated
from bot.actions.guide import look_up, tell
from bot.actions.talk import HELP_CHOICES, Replies, Talk
from cases.vocabulary import CaseType, Outcome, Source
from core.database import now
from core.replies import Choice, Reply, say
from intake import form, questions
from intake.case_types import is_angry
from intake.refusals import DISRUPTION_TEXT, PRIVATE_TEXT, UNLAWFUL_TEXT, is_private
from intake.routes import UNNAMED_TEXT
from intake.service import file, read, receipt, start_draft, write
from intake.triage import Way
from notices.channels import can_text
from notices.doors import may_be_asked

# So many cases of a conversation are followed in it by their number alone.
_REMEMBERED = 20
_NOT_CHANGED = (
    "没有看出要改什么。请说改哪一项，例如“地点是东门”“时间是昨天”；没有问题请选“确认提交”。"
)
_RECEIVED = {"image": "图片收到了。", "location": "位置收到了。"}


async def take_in(talk: Talk) -> Replies:
    """One more message of a matter: absorb it and ask for what is still missing."""
    elsewhere = talk.line.city.intake.elsewhere(talk.text)
    if elsewhere and (talk.draft is None or read(talk.draft).awaiting in ("matter", "place")):
        if talk.draft is not None:
            talk.draft.state, talk.draft.changed_at = "dropped", now()
        await talk.settle(Outcome.REFERRED)
        return [
            say(
                f"这件事发生在{elsewhere.name}，由当地办理，这里不能登记。请拨打{elsewhere.name}的"
                f"政务服务便民热线 {elsewhere.hotline}（在当地直接拨 12345）。",
                ("事情就在本市", "menu:case"),
                ("转人工", "handoff"),
            )
        ]
    if talk.draft is None:
        talk.draft = await start_draft(talk.session, talk.conversation.id)
    before = read(talk.draft)
    if before.awaiting == repeated.AWAITING:
        return await _same_or_new(talk, repeated.wish(talk.text))
    before.caller = before.caller or talk.caller
    before.spoken = talk.conversation.channel == Source.PHONE
    matter = talk.line.city.intake.listen(before, talk.text, talk.act or "inform")
    write(talk.draft, matter)
    talk.remember(failures=None, awaiting=None, between=None)
    reply = questions.question(matter)
    if matter.awaiting == "confirm" and before.awaiting == "confirm" and matter == before:
        # The summary was just read out; who sees a page has it before the eyes.
        reply = reply.model_copy(update={"text": _NOT_CHANGED})
    if matter.others and not before.others:
        reply = _several(matter, reply)
    return [_soothing(reply) if is_angry(talk.text) else reply]


async def offer(talk: Talk) -> Replies:
    """How a matter is reported, with the offer to take in the one that the question names."""
    [reply] = await take_in(talk)
    only_asks = Choice(title="只是问问", value="intake:drop")
    return [
        reply.model_copy(
            update={
                "text": "直接在这里说就可以反映：登记后转给承办单位，您会拿到工单编号和答复时限；"
                f"拨打 12345 或者填表反映也一样。要现在登记，请接着回答。\n{reply.text}",
                "choices": [*reply.choices, only_asks],
            }
        )
    ]


def _soothing(reply: Reply) -> Reply:
    """An apology before the question, and a person one word away."""
    person = Choice(title="转人工", value="handoff")
    return reply.model_copy(
        update={
            "text": f"实在抱歉，让您着急了，这次我一定给您登记清楚。\n{reply.text}",
            "choices": [*reply.choices, person],
        }
    )


def _several(matter: form.Matter, reply: Reply) -> Reply:
    """Tell that several matters were heard, before the first question about them."""
    told = [f"{n}. {one.detail[:40]}" for n, one in enumerate(form.each(matter), 1)]
    text = f"您说了 {len(told)} 件事，将分别登记：\n" + "\n".join(told) + "\n"
    one = Choice(title="是同一件事", value="intake:one")
    choices = reply.choices if one in reply.choices else [*reply.choices, one]
    return reply.model_copy(update={"text": text + reply.text, "choices": choices})


def sounds_like_a_matter(talk: Talk) -> bool:
    """Whether the words tell a matter, whatever the act."""
    return talk.line.city.intake.is_matter(talk.text)


async def confirm(talk: Talk) -> Replies:
    """The citizen agreed to the summary: file it, once."""
    if talk.draft is None:
        return await _already_filed(talk)
    matter = read(talk.draft)
    if matter.awaiting not in ("confirm", repeated.AWAITING):
        return [questions.question(matter)]
    known = None if matter.others else await repeated.offer(talk, matter)
    if known is not None:
        return [known]
    registered = await file(
        talk.session, talk.line.city.intake, talk.draft, talk.conversation.channel
    )
    numbers = [one.number for one in registered]
    filed = [*talk.context.get("filed", []), *numbers][-_REMEMBERED:]
    talk.remember(
        case=numbers[0],
        filed=filed,
        awaiting=None,
        failures=None,
        entry=None,
        distinct=None,
        record=None,
    )
    told = receipt(registered, talk.line.city.tree)
    if can_text() and may_be_asked(Source(talk.conversation.channel), matter.phone):
        choices = [*told.choices, Choice(title="有进展发短信给我", value="case:sms")]
        told = told.model_copy(update={"choices": choices})
    return [told]


async def _same_or_new(talk: Talk, wish: str) -> Replies:
    """The citizen was asked whether the matter is one filed before; unclear words file nothing."""
    done = await repeated.choose(talk, wish) if wish else None
    return done if done is not None else await confirm(talk)


async def _already_filed(talk: Talk) -> Replies:
    filed = talk.context.get("filed")
    number = filed[-1] if filed else talk.context.get("case")
    if number:
        return [say(f"已经登记好了，工单编号 {number}。", ("查进度", "case:progress"))]
    return [say("目前没有待确认的内容。请说说您要办什么事，或者要反映什么。", *HELP_CHOICES)]


async def drop(talk: Talk) -> Replies:
    """The citizen does not want to file after all."""
    if talk.draft is None:
        return [say("好的。还有别的可以帮您吗？", *HELP_CHOICES)]
    talk.draft.state, talk.draft.changed_at = "dropped", now()
    return [say("好的，刚才的内容没有登记。需要时随时再说。", ("反映别的问题", "menu:case"))]


async def choose(talk: Talk, value: str) -> Replies:
    """A quick reply of the intake was chosen: ``confirm``, ``drop``, ``edit``, ``place:<code>`` …"""
    step, _, rest = value.partition(":")
    if step == "confirm":
        return await confirm(talk)
    if step == "drop":
        return await drop(talk)
    if talk.draft is None:
        return await _already_filed(talk)
    matter = read(talk.draft)
    if step == repeated.AWAITING:
        return await _same_or_new(talk, rest)
    if step == "edit":
        return [
            say(
                "请直接说要改哪里，例如“地点是东门”“电话 13800000000”“从上周开始”“不要保密”“是投诉”。"
            )
        ]
    if step == "location" and matter.location is not None:
        matter.place = talk.line.city.intake.place_on_map(matter.location)
    if step in _RECEIVED and not matter.words:
        write(talk.draft, form.settle(matter))
        return [say(f"{_RECEIVED[step]}请说说是什么事。")]
    if step == "one":
        matter = talk.line.city.intake.listen(matter, "是同一件事", "inform")
    elif step == "anonymous":
        matter.anonymous, matter.phone, matter.name = True, None, None
    elif step == "confidential":
        matter.confidential = True
    elif step == "place":
        chosen = next((p for p in matter.place_options if p.choice == rest), None)
        if chosen is not None:
            matter.place, matter.place_options = chosen, []
    matter = form.settle(matter)
    write(talk.draft, matter)
    reply = questions.question(matter)
    return [reply.model_copy(update={"text": _RECEIVED.get(step, "") + reply.text})]


async def consult(talk: Talk) -> Replies:
    """Leave the question that nobody could answer as a consultation case."""
    question = str(talk.context.get("question") or "").strip()
    if talk.draft is None:
        talk.draft = await start_draft(talk.session, talk.conversation.id)
    matter = read(talk.draft)
    intake = talk.line.city.intake
    if question and matter.words and question not in matter.words:
        # Something else is under way: the question becomes a case of its own beside it.
        asks = form.Matter(words=[question], type=CaseType.CONSULTATION)
        matter.others.append(intake.classify(asks))
    else:
        matter.type = CaseType.CONSULTATION
        matter.words = matter.words or [question] * bool(question)
        matter = intake.classify(matter)
    matter = form.settle(matter)
    write(talk.draft, matter)
    return [questions.question(matter)]


async def route(talk: Talk) -> Replies:
    """What is not taken in: legal and special routes, private or unlawful requests, disruption, and
    what is none of the line's business."""
    decision = talk.decision
    if decision is None or decision.way is Way.ACCEPT:
        return await take_in(talk)
    match decision.way:
        case Way.LEGAL_ROUTE:
            await talk.settle(Outcome.REFERRED)
            told = decision.route.text if decision.route else UNNAMED_TEXT
            return [say(told, ("还是想登记", "menu:case"), ("转人工", "handoff"))]
        case Way.POLICE_CLUE:
            await talk.settle(Outcome.INVALID)
            return [say(DISRUPTION_TEXT, ("反映问题", "menu:case"), ("转人工", "handoff"))]
        case _ if talk.act == "privacy_or_illegal":
            await talk.settle(Outcome.REFERRED)
            told = PRIVATE_TEXT if is_private(talk.text) else UNLAWFUL_TEXT
            return [say(told, ("反映问题", "menu:case"))]
    answer = look_up(talk, None)
    if answer.kind in ("answer", "units", "notice"):
        return await tell(talk, answer)
    if sounds_like_a_matter(talk):
        return await take_in(talk)
    return [
        say("这个我帮不上忙。政务服务怎么办、要反映的问题、工单的进度，都可以问我。", *HELP_CHOICES)
    ]
