"""Twilio Programmable Voice and Messaging as an adapter of the voice and text ports."""

from integrations.twilio.endpoints import router

__all__ = ["router"]
