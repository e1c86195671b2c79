"""python-telegram-bot's `BaseRequest` for the fake Telegram in the same process, without a network."""

import asyncio
from typing import Any

from telegram._utils.defaultvalue import DefaultValue
from telegram._utils.types import ODVInput
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.sandbox.telegram.fake_telegram import FakeTelegram, HttpAnswer
from bot.sandbox.telegram.faults import FaultEffect
from bot.sandbox.telegram.params import Files

READ_TIMEOUT = 5.0


class InProcessRequest(BaseRequest):
    """Passes a bot's requests to the fake Telegram, and its faults on as network errors."""

    def __init__(self, telegram: FakeTelegram) -> None:
        self._telegram = telegram

    @property
    def read_timeout(self) -> float:
        return READ_TIMEOUT

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send one request. Raises TimedOut or NetworkError for a fault."""
        token, _, name = url.rpartition("/bot")[2].partition("/")
        params: dict[str, Any] = dict(request_data.parameters) if request_data else {}
        files = _uploaded_files(request_data) if request_data and request_data.contains_files else None
        patience = self.read_timeout if isinstance(read_timeout, DefaultValue) else read_timeout
        answer = self._telegram.start_request(token, name, params, files)
        nap = asyncio.ensure_future(_sleep_for(self._telegram, patience))
        try:
            await asyncio.wait({answer, nap}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise TimedOut
            found = answer.result()
            if isinstance(found, HttpAnswer):
                return found.status, found.body
            if found.effect == FaultEffect.NO_ANSWER:
                await nap
                raise TimedOut
            raise NetworkError(f"connection {found.effect}")
        finally:
            nap.cancel()
            if name.lower() == "getupdates":
                answer.cancel()  # nobody waits for it; other methods run on, as on Telegram's servers


def _uploaded_files(request_data: RequestData) -> Files:
    return {
        name: (filename, content if isinstance(content, bytes) else content.read(), kind)
        for name, (filename, content, kind) in request_data.multipart_data.items()
    }


async def _sleep_for(telegram: FakeTelegram, seconds: float | None) -> None:
    if seconds is None:
        await asyncio.get_running_loop().create_future()
    else:
        await telegram.clock.sleep(seconds)
