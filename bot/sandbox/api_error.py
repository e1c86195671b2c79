"""How does the Bot API say no? One refusal: an HTTP status, a sentence, and what a program may read.

Raised anywhere below a method and made an answer in one place, `Box.call`: the texts are those of the
Bot API server (github tdlib/telegram-bot-api, Client.cpp, `fail_query_with_error`).
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
        """The answer's JSON."""
        body: Json = {"ok": False, "error_code": self.status, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(reason: str, **parameters: int) -> ApiError:
    """A 400. The reason's first letter is lowered, unless it looks like a CONSTANT."""
    return ApiError(400, f"Bad Request: {_lower_first(reason)}", **parameters)


def forbidden(reason: str) -> ApiError:
    """A 403: the bot and the chat are not on speaking terms."""
    return ApiError(403, f"Forbidden: {_lower_first(reason)}")


def too_many_requests(seconds: int) -> ApiError:
    """A 429 that asks for `seconds` of silence."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _lower_first(reason: str) -> str:
    constant = len(reason) > 1 and (reason[1] == "_" or "A" <= reason[1] <= "Z")
    return reason if constant else reason[:1].lower() + reason[1:]
