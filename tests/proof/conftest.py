"""Fresh clones, a second copy, other users: what the running suite cannot share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proof.clones import Clone, clone


@pytest.fixture(scope="module")
def fresh() -> Iterator[Clone]:
    """One clone for the tests of a module."""
    with clone("示例 市") as copy:
        yield copy
