"""The fake Telegram as a separate process, which outlives the bot: `python -m bot.sandbox --port 0`.

Prints one line of JSON once it listens: its address, the token, the ids of channels and people. SIGTERM stops
it.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
from collections.abc import Sequence

from aiohttp import web

from bot.sandbox.fake_clock import FakeClock
from bot.sandbox.page.control_api import add_control_routes
from bot.sandbox.telegram.fake_telegram import FAKE_TOKEN, FakeTelegram
from bot.sandbox.telegram.limits import NO_LIMITS, Limits
from bot.sandbox.transport.http_server import create_app
from bot.sandbox.transport.webhook import deliver_updates


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 for any free port")
    parser.add_argument("--token", default=FAKE_TOKEN)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument(
        "--rights", default="can_post_messages", help="the bot's rights in the channels, comma-separated"
    )
    parser.add_argument("--people", type=int, default=1, help="number of people who have started the bot")
    parser.add_argument("--local", action="store_true", help="allow webhooks over plain http on any port")
    parser.add_argument("--no-limits", action="store_true", help="never answer 429")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random faults")
    asyncio.run(_serve_until_stopped(parser.parse_args(arguments)))


async def _serve_until_stopped(options: argparse.Namespace) -> None:
    rng = random.Random(options.seed)  # noqa: S311  (the same seed gives the same faults)
    limits = NO_LIMITS if options.no_limits else Limits()
    telegram = FakeTelegram(FakeClock(), rng, token=options.token, limits=limits)
    telegram.state.updates.is_local = options.local
    rights = [right for right in options.rights.split(",") if right]
    channels = [
        telegram.add_channel(f"Channel {number}", username=f"channel_{number}", rights=rights).id
        for number in range(1, options.channels + 1)
    ]
    people = telegram.add_people(options.people)
    application = create_app(telegram)
    add_control_routes(application, telegram)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, options.host, options.port).start()
    delivery = asyncio.create_task(deliver_updates(telegram))
    host, port = runner.addresses[0][:2]
    ready: dict[str, object] = {"address": f"http://{host}:{port}", "token": telegram.token}
    ready |= {"channels": channels, "people": list(people)}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    await _wait_for_signal()
    delivery.cancel()
    await telegram.close()
    await runner.cleanup()


async def _wait_for_signal() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


if __name__ == "__main__":
    main()
