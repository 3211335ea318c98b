"""The telephone and text doors: mounted when their secrets are set, wired to the line."""

from __future__ import annotations

from fastapi import FastAPI

import integrations.carrier
import integrations.twilio
from bot.calls.switchboard import Switchboard
from bot.gateway import Gateway
from core.database import Database
from core.settings import Settings
from integrations.carrier.exchange import CarrierExchange, CarrierTexts
from integrations.sms.channel import TextChannel
from integrations.sms.line import TextLine
from integrations.sms.port import TextSender
from integrations.twilio.exchange import TwilioExchange, TwilioTexts
from integrations.voice.line import VoiceLine
from notices.channels import register


def mount(app: FastAPI, settings: Settings) -> None:
    """Add the webhooks of the exchanges that have secrets."""
    if settings.twilio_open:
        app.include_router(integrations.twilio.router)
    if settings.carrier_secret.get_secret_value():
        app.include_router(integrations.carrier.router)


def connect(app: FastAPI, database: Database, gateway: Gateway, city_name: str) -> None:
    """Put calls and texts of this process into ``app.state``."""
    settings: Settings = app.state.settings
    app.state.voice = VoiceLine(database, gateway, city_name, settings.emergency_dial)
    app.state.texts = TextLine(database, gateway)
    app.state.switchboard = Switchboard(database)
    if settings.twilio_open:
        app.state.twilio = TwilioExchange(settings)
        app.state.switchboard.register(app.state.twilio)
    if settings.carrier_url:
        app.state.switchboard.register(CarrierExchange(settings))


def register_texts(database: Database, settings: Settings) -> None:
    """Let the outbox of this process send texts: through the carrier, else through Twilio."""
    sender: TextSender
    if settings.carrier_url:
        sender = CarrierTexts(settings)
    elif settings.twilio_open:
        sender = TwilioTexts(settings)
    else:
        return
    register(TextChannel(database, sender), pushes_lines=True)
