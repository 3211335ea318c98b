"""Policies as pages: in force, lapsed with a mark and a way to what holds, unknown."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import integrations.web.policies
from core.errors import NotFound
from kb.service import KnowledgeBase
from tests.kb.test_answer_kinds import policy


@pytest.fixture(scope="module")
def client() -> TestClient:
    knowledge = KnowledgeBase(None)
    holds = policy(normative=False)
    lapsed = policy(code="P-0", name="渔民旧补贴", superseded_by="P-1")
    asyncio.run(knowledge.take([holds, lapsed]))
    app = FastAPI()
    app.state.knowledge = knowledge
    app.include_router(integrations.web.policies.router)
    return TestClient(app)


def test_pages(client: TestClient) -> None:
    listed = client.get("/policies").text
    assert "渔民旧补贴</a>（不在有效期内）" in listed
    held = client.get("/policies/P-1").text
    assert "5000 元" in held and "仅供查阅" not in held
    lapsed = client.get("/policies/P-0").text
    assert "仅供查阅" in lapsed and 'href="/policies/P-1"' in lapsed
    with pytest.raises(NotFound):
        client.get("/policies/P-9")
