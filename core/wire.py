"""What every room's interface says in the same way."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    """The one shape of an error."""

    error: str = Field(description="稳定的错误代码，供程序判断", examples=["not_found"])
    message: str = Field(description="给人看的中文说明")
    fields: dict[str, str] = Field(default_factory=dict, description="字段名 → 问题")


def error_responses(described: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for errors, from status to what it means there."""
    return {status: {"model": ErrorBody, "description": text} for status, text in described.items()}
