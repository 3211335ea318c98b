"""Who may do what at the knowledge desk.

Whoever provides an entry maintains it (谁提供、谁维护): units their own, the line's editors and
supervisors any. A change takes a second person; notices of what happens now are a supervisor's.
"""

from __future__ import annotations

from collections.abc import Collection

from core.errors import NotAllowed
from core.identity import UNIT_ROLES, Actor, Role

EDITORS = frozenset({Role.KNOWLEDGE_EDITOR, Role.SUPERVISOR})
APPROVERS = EDITORS | {Role.UNIT_LEADER}
NOTICE_PUBLISHERS = frozenset({Role.SUPERVISOR})
DESK_ROLES = EDITORS | UNIT_ROLES


def units_seen(actor: Actor) -> Collection[str] | None:
    """Units whose entries the actor may see on the desk; None: all of them.

    Raises NotAllowed for roles that have no business there.
    """
    if actor.role in EDITORS:
        return None
    if actor.role in UNIT_ROLES:
        return actor.units
    raise NotAllowed("知识库由知识库编辑、主管和各单位维护")


def require_unit(actor: Actor, unit: str) -> None:
    """Raises NotAllowed unless the actor may change entries of ``unit``."""
    units = units_seen(actor)
    if units is not None and unit not in units:
        raise NotAllowed("只能起草本单位的条目")
