"""The simulator refuses what Twilio refuses, so that passing it means something."""

from __future__ import annotations

import pytest

from tests.integrations.phone.twiml_rules import TwilioRefuses, document

SAY = '<Say language="cmn-CN" voice="Polly.Zhiyu-Neural">好</Say>'
ACTION = 'action="https://hotline.example/x"'


@pytest.mark.parametrize(
    "inside",
    [
        "<Speak>好</Speak>",
        "<Say></Say>",
        '<Say language="cmn-CN" voice="Polly.Joanna">好</Say>',
        '<Say language="zh" voice="Polly.Zhiyu-Neural">好</Say>',
        '<Say colour="red">好</Say>',
        f'<Gather input="speech">{SAY}</Gather>',
        f'<Gather {ACTION} input="voice">{SAY}</Gather>',
        f'<Gather {ACTION} language="zh-CN">{SAY}</Gather>',
        f'<Gather {ACTION} language="cmn-Hans-CN" speechTimeout="auto" speechModel="phone_call">{SAY}</Gather>',
        f'<Gather {ACTION} timeout="0">{SAY}</Gather>',
        f'<Gather {ACTION} hints="{"长" * 101}">{SAY}</Gather>',
        f"<Gather {ACTION}><Dial {ACTION}><Number>119</Number></Dial></Gather>",
        f"<Dial {ACTION}></Dial>",
        f"<Dial {ACTION}><Number>一一九</Number></Dial>",
        "<Dial><Number>119</Number></Dial>",
        f"<Dial {ACTION}><Conference></Conference></Dial>",
        "<Redirect>/relative</Redirect>",
        "<Record/>",
        f"{SAY}<Hangup></Say>",
    ],
)
def test_refused(inside: str) -> None:
    with pytest.raises(TwilioRefuses):
        document(f"<Response>{inside}</Response>", "text/xml")


def test_refused_as_a_whole() -> None:
    good = f"<Response>{SAY}</Response>"
    assert document(good, "text/xml; charset=utf-8").tag == "Response"
    for body, kind in ((good, "application/json"), (f"<Answer>{SAY}</Answer>", "text/xml")):
        with pytest.raises(TwilioRefuses):
            document(body, kind)
    with pytest.raises(TwilioRefuses):
        document(f"<Response>{SAY * 2000}</Response>", "text/xml")
