"""Kill -9 in the middle of an intake: what was told is still there, nothing is filed twice, and
the talk goes on where it was."""

from __future__ import annotations

import random
import threading
import uuid
from typing import Any

import httpx
import psycopg
import pytest

from tests.journeys.staff import Staff
from tests.stack import Citizen, Stack

# Each kill takes some twenty seconds to recover from: a few in every run, more in the proof.
FEW, MANY = 3, 10
SCRIPT: tuple[dict[str, Any], ...] = (
    {"text": "春晖路的井盖松了，车一压就响"},
    {"text": "三天了"},
    {"text": "13800000041"},
    {"input": {"kind": "choice", "value": "intake:confirm", "title": "确认提交"}},
)


class Persistent(Citizen):
    """A citizen whose door sends a turn again, under the same id, until it is answered."""

    def _turn(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        self._sent += 1
        return self.insist(f"turn-{self._sent}", body)

    def insist(self, client_id: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        again = threading.Event()
        for _ in range(600):
            try:
                response = self.send(client_id, body)
            except httpx.TransportError:
                again.wait(0.2)
                continue
            if response.status_code == 503:
                again.wait(0.2)
                continue
            assert response.status_code == 200, response.text
            replies: list[dict[str, Any]] = response.json()["replies"]
            return replies
        raise AssertionError("never answered")


@pytest.mark.parametrize("rounds", [FEW, pytest.param(MANY, marks=pytest.mark.proof)])
@pytest.mark.parametrize("part", ["service", "assistant", "database"])
def test_nothing_told_is_lost_when_a_part_is_killed(stack: Stack, part: str, rounds: int) -> None:
    chance = random.Random(f"{part} {rounds}")
    before = cases_in(stack)
    filed = [one_intake(stack, part, chance) for _ in range(rounds)]
    assert len(set(filed)) == rounds
    assert cases_in(stack) - before == rounds
    assert_background_work_goes_on(stack)


def assert_background_work_goes_on(stack: Stack) -> None:
    """A case answered now is told in its conversation, by the event stream."""
    citizen = Citizen(stack.address)
    citizen.say("春晖路的井盖松了三天了，电话13800000042")
    number = citizen.choose("intake:confirm")[0]["card"]["number"]
    dispatcher = Staff(stack.address, "dispatcher", stack.password("dispatcher"))
    action = "reassign" if "改派原因" in dispatcher.case_page(number) else "dispatch"
    dispatcher.act(number, action, unit="environment", reason="演练", assists="keep")
    clerk = Staff(stack.address, "environment.clerk", stack.password("environment.clerk"))
    clerk.act(number, "accept")
    clerk.act(number, "answer", result="solved", citizen_answer="井盖已经固定。", internal_note="")
    dispatcher.act(number, "pass")
    assert any("井盖已经固定" in line for line in citizen.events(seconds=60))


def one_intake(stack: Stack, part: str, chance: random.Random) -> str:
    """An intake during which ``part`` is killed at a random moment; returns the case's number."""
    citizen = Persistent(stack.address)
    struck = chance.randrange(len(SCRIPT))
    told: list[str] = []
    receipts: list[dict[str, Any]] = []
    seen: list[int] = []
    for step, body in enumerate(SCRIPT):
        if step == struck:
            timer = threading.Timer(
                chance.uniform(0.0, 0.12), lambda: seen.append(stack.kill(part))
            )
            timer.start()
            replies = citizen.insist(f"{step}-{uuid.uuid4()}", body)
            timer.join()
            stack.wait_recovered(seen[0])
        else:
            replies = citizen.insist(f"{step}-{uuid.uuid4()}", body)
        told += [reply["text"] for reply in replies]
        receipts += [r["card"] for r in replies if (r["card"] or {}).get("kind") == "case"]
        if "没有响应" in replies[-1]["text"]:
            # Told that the assistant is away; the same words again once it is back.
            replies = citizen.insist(f"{step}-again-{uuid.uuid4()}", body)
            told += [reply["text"] for reply in replies]
            receipts += [r["card"] for r in replies if (r["card"] or {}).get("kind") == "case"]
    lines = [line["text"] for line in citizen.transcript()]
    assert [text for text in told if text not in lines] == []
    numbers = {card["number"] for card in receipts} | {
        line["card"]["number"]
        for line in citizen.transcript()
        if (line["card"] or {}).get("kind") == "case"
    }
    assert len(numbers) == 1, lines
    return str(numbers.pop())


def cases_in(stack: Stack) -> int:
    with psycopg.connect(stack.ready["database_url"]) as connection:
        row = connection.execute("SELECT count(*) FROM cases").fetchone()
    assert row is not None
    return int(row[0])
