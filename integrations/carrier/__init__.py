"""A carrier's own gateway over plain signed HTTP: a second adapter of the voice and text ports."""

from integrations.carrier.endpoints import router

__all__ = ["router"]
