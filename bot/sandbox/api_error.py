"""How does the Bot API say no? One refusal: an HTTP status, a sentence, and what a program may read.

Raised anywhere below a method and made an answer in one place, `Box.call`: the texts are those of the
Bot API server (github tdlib/telegram-bot-api, Client.cpp, `fail_query_with_error`).
"""

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """A request that is answered with `ok: false`."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    def body(self) -> Json:
        """The answer's JSON."""
        body: Json = {"ok": False, "error_code": self.status, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(reason: str, **parameters: int) -> Refusal:
    """A 400. The reason's first letter is lowered, unless it looks like a CONSTANT."""
    return Refusal(400, f"Bad Request: {_lowered(reason)}", **parameters)


def forbidden(reason: str) -> Refusal:
    """A 403: the bot and the chat are not on speaking terms."""
    return Refusal(403, f"Forbidden: {_lowered(reason)}")


def too_many_requests(seconds: int) -> Refusal:
    """A 429 that asks for `seconds` of silence."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _lowered(reason: str) -> str:
    constant = len(reason) > 1 and (reason[1] == "_" or "A" <= reason[1] <= "Z")
    return reason if constant else reason[:1].lower() + reason[1:]
