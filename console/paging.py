"""Pages of a long list. Pure."""

from __future__ import annotations

from dataclasses import dataclass

PAGE_SIZE = 30


@dataclass(frozen=True)
class Paging:
    """Where in a list of ``total`` entries somebody is; a page past the end counts as the last."""

    wanted: int
    total: int
    size: int = PAGE_SIZE

    @property
    def last(self) -> int:
        """Number of the last page, at least 1."""
        return max(-(-self.total // self.size), 1)

    @property
    def page(self) -> int:
        """Number of this page, from 1."""
        return min(max(self.wanted, 1), self.last)

    @property
    def offset(self) -> int:
        """How many entries come before this page."""
        return (self.page - 1) * self.size

    @property
    def shown(self) -> list[int | None]:
        """Page numbers to offer; None stands for a gap."""
        near = {1, self.last} | set(range(self.page - 1, self.page + 2))
        pages: list[int | None] = []
        before = 0
        for page in sorted(p for p in near if 1 <= p <= self.last):
            if page - before > 1:
                pages.append(None)
            pages.append(page)
            before = page
        return pages
