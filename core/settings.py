"""Settings of the line, from the environment, `.env` and the generated secrets file."""

from __future__ import annotations

import functools
import re
from datetime import time
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
SECRETS_FILE = "secrets.env"
_SITE = re.compile(r"https?://(?:\*\.)?[\w.-]+(?::\d{1,5})?")


class Settings(BaseSettings):
    """Everything a city may set. Names in the environment carry the prefix ``HOTLINE_``."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65533)
    assistant_port: int | None = None
    database_port: int | None = None
    data_dir: Path = ROOT / "data"
    city_dir: Path = ROOT / "city"
    shared_data: Path = ROOT.parent / "shared" / "data"
    python310: str | None = None
    public_url: str | None = None
    database_url: str | None = Field(None, validation_alias="DATABASE_URL")
    database_pool: int = Field(20, ge=2, le=200, description="connections per process")
    assistant_url: str | None = None
    assistant_timeout: float = Field(8.0, gt=0, description="seconds a turn may wait")
    assistant_token: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    twilio_account: str = Field("", description="account SID; without it the door is closed")
    twilio_token: SecretStr = SecretStr("")
    twilio_number: str = Field("", description="the line's own number, E.164")
    twilio_url: str = "https://api.twilio.com"
    carrier_secret: SecretStr = SecretStr("")
    carrier_url: str = Field("", description="where a carrier's gateway takes orders")
    transcribe_calls: bool = Field(
        False, description="what is said between caller and seat is transcribed as it goes"
    )
    emergency_dial: dict[str, str] = Field(
        {}, description="number that is dialled for 110, 119 …; unset: the short number itself"
    )
    alarm_climbs_after: int = Field(
        60, ge=5, description="seconds until an unanswered alarm rings at the supervisors' too"
    )
    worker: bool = True
    quiet_from: time = Field(time(21), description="notices wait from this local time on")
    quiet_to: time = Field(time(8), description="and are sent at this one")
    wechat_app_id: str = ""
    wechat_account: str = Field("", description="original id of the account, gh_…")
    wechat_token: SecretStr = SecretStr("")
    wechat_app_secret: SecretStr = SecretStr("")
    wechat_encoding_key: SecretStr = SecretStr("")
    wechat_api: str = "https://api.weixin.qq.com"
    wechat_template: str = ""
    wechat_subscription: str = ""
    embedding_sites: str = Field("", description="sites that may embed the widget, by spaces")
    proxy_hops: int = Field(0, ge=0, le=5, description="own proxies that add X-Forwarded-For")
    turns_per_minute: int = Field(30, ge=1, description="of one conversation")
    network_requests_per_minute: int = Field(300, ge=1, description="that store something")
    log_level: str = "INFO"
    log_format: str = Field("json", pattern="^(json|text)$")

    @field_validator("data_dir", "city_dir", "shared_data")
    @classmethod
    def _from_root(cls, path: Path) -> Path:
        """A relative path counts from the project's folder, wherever a program is started."""
        return ROOT / path

    @field_validator("embedding_sites")
    @classmethod
    def _sites(cls, text: str) -> str:
        """Origins as a content security policy names them, ``https://*.example.cn`` included."""
        for site in text.split():
            if not _SITE.fullmatch(site):
                raise ValueError(f"不是网站地址：{site}（例如 https://www.example.cn）")
        return " ".join(text.split())

    @property
    def assistant_address(self) -> str:
        """Base URL of the assistant, e.g. ``http://127.0.0.1:8001``."""
        port = self.assistant_port or self.port + 1
        return (self.assistant_url or f"http://127.0.0.1:{port}").rstrip("/")

    @property
    def twilio_open(self) -> bool:
        """Whether everything is set that calls and texts through Twilio need."""
        token = self.twilio_token.get_secret_value()
        return bool(self.twilio_account and token and self.twilio_number)

    @property
    def embedded_database_port(self) -> int:
        """Port of the embedded PostgreSQL."""
        return self.database_port or self.port + 2

    @property
    def address(self) -> str:
        """Address under which people reach the service."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def load_settings() -> Settings:
    """Read the settings anew: environment first, then ``.env``, then generated secrets.

    Raises pydantic.ValidationError when a value does not fit.
    """
    env = ROOT / ".env"
    first = Settings(_env_file=env)
    return Settings(_env_file=(first.data_dir / SECRETS_FILE, env))


@functools.cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()
