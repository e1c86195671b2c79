"""A way into the box that keeps every request, for tests about requests that must never be made."""

from typing import Any

from telegram.request import RequestData

from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.transport.in_process import InProcessRequest


class RecordedRequest(InProcessRequest):
    """Hands on every request and keeps its method and parameters."""

    def __init__(self, box: FakeTelegram) -> None:
        super().__init__(box)
        self.made: list[tuple[str, dict[str, Any]]] = []

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        given = dict(request_data.parameters) if request_data else {}
        self.made.append((url.rpartition("/")[2], given))
        return await super().do_request(url, method, request_data, *args, **kwargs)

    def count(self, method: str) -> int:
        return sum(name == method for name, _ in self.made)

    def about(self, chat_id: int) -> list[str]:
        """The methods of the requests that name the chat."""
        return [name for name, given in self.made if str(given.get("chat_id", "")) == str(chat_id)]
