"""Errors that carry their own HTTP status and a sentence in Chinese for the person reading."""

from __future__ import annotations


class HotlineError(Exception):
    """Base of all expected errors.

    ``status`` is the HTTP status, ``code`` a stable English identifier for programs,
    ``message`` the Chinese sentence that says what to do, ``fields`` maps a field to its problem.
    """

    status = 400
    code = "bad_request"

    def __init__(
        self, message: str, *, code: str | None = None, fields: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}
        if code is not None:
            self.code = code


class InvalidInput(HotlineError):
    status = 422
    code = "invalid_input"


class NotAuthenticated(HotlineError):
    status = 401
    code = "not_authenticated"


class NotAllowed(HotlineError):
    status = 403
    code = "not_allowed"


class NotFound(HotlineError):
    status = 404
    code = "not_found"


class Conflict(HotlineError):
    status = 409
    code = "conflict"


class Gone(HotlineError):
    status = 410
    code = "gone"


class TooLarge(HotlineError):
    status = 413
    code = "too_large"


class TooManyTries(HotlineError):
    """``retry_after`` is in seconds, where it is known."""

    status = 429
    code = "too_many_tries"

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(HotlineError):
    status = 503
    code = "unavailable"
