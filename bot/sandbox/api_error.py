"""Errors of the Bot API: an HTTP status, a description, and parameters for programs.

Raised anywhere below a method and turned into a response in one place, `FakeTelegram.call`. The texts are
those of the Bot API server (github tdlib/telegram-bot-api, Client.cpp, `fail_query_with_error`).
"""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A request that is answered with `ok: false`."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def to_json(self) -> Json:
        body: Json = {"ok": False, "error_code": self.status, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(reason: str, **parameters: int) -> ApiError:
    """A 400. The first letter of the reason is lowercased, unless it starts a CONSTANT."""
    return ApiError(400, f"Bad Request: {_lower_first(reason)}", **parameters)


def forbidden(reason: str) -> ApiError:
    """A 403: the bot has no access to the chat."""
    return ApiError(403, f"Forbidden: {_lower_first(reason)}")


def too_many_requests(seconds: int) -> ApiError:
    """A 429 with `retry_after` in seconds."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _lower_first(reason: str) -> str:
    constant = len(reason) > 1 and (reason[1] == "_" or "A" <= reason[1] <= "Z")
    return reason if constant else reason[:1].lower() + reason[1:]
