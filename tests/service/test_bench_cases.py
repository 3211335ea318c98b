"""The bench of cases on few of them: it fills, measures every page, and leaves nothing behind."""

from __future__ import annotations

import json

import psycopg
import pytest

from core.settings import get_settings
from service.bench_cases import run


def test_the_bench_measures_every_desk_and_drops_its_database(
    server_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(get_settings(), server_url, 2000, runs=2, keep=False, as_json=True)
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    names = {measure["name"] for measure in result["measures"]}
    assert [m for m in result["measures"] if "problem" in m] == []
    for wanted in (
        "派单台 all",
        "单位台 街道",
        "单位台 局",
        "单位台 区",
        "搜索 四字",
        "登记 含查重",
    ):
        assert wanted in names
    assert all(0 < m["p50_ms"] <= m["p99_ms"] for m in result["measures"])
    assert result["statements"] > 20
    with psycopg.connect(server_url) as connection:
        left = connection.execute(
            "SELECT count(*) FROM pg_database WHERE datname = 'bench_cases_2000'"
        ).fetchone()
    assert left == (0,)
