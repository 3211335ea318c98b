"""How often what was asked was not answered: asked again in other words, then another way is shown."""

from __future__ import annotations

from bot.actions.talk import Talk

# So many answers in a row that answer nothing.
_MOST = 2


def missed(talk: Talk) -> bool:
    """Count one more turn that did not answer; whether it is time for another way (counted anew)."""
    misses = int(talk.context.get("misses", 0)) + 1
    over = misses >= _MOST
    talk.remember(misses=None if over else misses)
    return over
