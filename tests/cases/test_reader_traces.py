"""What is kept of readers, and where it shows: on the disk, and in what the bot logs."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from storage.privacy.encryption import generate_key
from tests.cases.traces import found_in
from tests.jobs.ingest.site import a_site
from tests.stories.house import Desk, desk
from tests.stories.operator import (
    PATIENCE,
    ROOT,
    Newsroom,
    Running,
    Telegram,
    newsroom,
    newswire,
    running,
    settings_for,
)
from tests.stories.test_newsroom_goes_live import feed, item

READER = 7345678901
OLD = item(1, "The river rises")

CUT_OFF = (
    '{"ok":true,"result":[{"update_id":900000001,"message":{"message_id":5,"date":1790000000,"chat":'
    '{"id":7345678901,"type":"private","first_name":"Hiddenname","username":"secretperson"},'
    '"text":"/search Zebraquagga where do they arre'
)
HIDDEN = ("7345678901", "Hiddenname", "secretperson", "Zebraquagga")
WHOLE = json.loads(CUT_OFF + '"}}]}')
STRANGE = WHOLE["result"][0] | {"message": WHOLE["result"][0]["message"] | {"date": "Zebraquagga 7345678901"}}
#: What an answer to getUpdates may be, but for what it should be: status, body.
ANSWERS: dict[str, tuple[int, str | bytes]] = {
    "cut off": (200, CUT_OFF),
    "a proxy's page": (502, f"<html>Bad gateway while sending {CUT_OFF}</html>"),
    "a proxy's page that says all is well": (200, f"<html>{CUT_OFF}</html>"),
    "a refusal that quotes": (400, json.dumps({"ok": False, "error_code": 400, "description": CUT_OFF})),
    "a conflict that quotes": (409, json.dumps({"ok": False, "error_code": 409, "description": CUT_OFF})),
    "a server's error that quotes": (500, json.dumps({"ok": False, "description": CUT_OFF})),
    "unknown parameters": (400, json.dumps({"ok": False, "description": "", "parameters": {"x": CUT_OFF}})),
    "no list": (200, json.dumps({"ok": True, "result": {"Hiddenname": CUT_OFF}})),
    "a list of texts": (200, json.dumps({"ok": True, "result": [CUT_OFF]})),
    "not an object": (200, json.dumps([CUT_OFF])),
    "halves of characters": (200, CUT_OFF.encode() + b"\xe1\x80"),
    "nested too deep": (200, '{"ok":true,"result":' + "[" * 100_000 + CUT_OFF),
    "an update that cannot be read": (200, json.dumps({"ok": True, "result": [STRANGE]})),
}


class TelegramThatBreaks:
    """A Bot API server that answers getUpdates with what the test says, and well after each, so that the bot
    does not ask ever more seldom."""

    def __init__(self, answers: list[tuple[int, str | bytes]]) -> None:
        self._answers = [each for answer in answers for each in (answer, (200, '{"ok":true,"result":[]}'))]
        self.over = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        method = request.path.rpartition("/")[2]
        if method == "getMe":
            me = {"id": 7000001, "is_bot": True, "first_name": "News", "username": "news_test_bot"}
            return web.json_response({"ok": True, "result": me})
        if method != "getUpdates":
            return web.json_response({"ok": True, "result": True})
        if not self._answers:
            self.over.set()
            await asyncio.sleep(0.2)  # a short long poll
            return web.json_response({"ok": True, "result": []})
        status, body = self._answers.pop(0)
        return web.Response(status=status, body=body.encode() if isinstance(body, str) else body)


@asynccontextmanager
async def bot_before(broken: TelegramThatBreaks, folder: Path, level: str) -> AsyncIterator[Running]:
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", broken.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = "http://{}:{}".format(*runner.addresses[0][:2])
    async with a_site() as site:
        site.says(feed(OLD))
        token = "7000001:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        settings = settings_for(site, folder, address, TELEGRAM_BOT_TOKEN=token, LOG_LEVEL=level)
        try:
            async with running(folder, "run", **settings) as bot:
                yield bot
        finally:
            await runner.cleanup()


@pytest.mark.slow
@pytest.mark.parametrize("level", ["debug", "error"])
async def test_6a_no_answer_to_getupdates_shows_a_reader_in_the_log(tmp_path: Path, level: str) -> None:
    answers = list(ANSWERS.values()) if level == "debug" else [ANSWERS["cut off"]]
    broken = TelegramThatBreaks(answers)
    async with bot_before(broken, tmp_path, level) as bot:
        async with asyncio.timeout(10 * PATIENCE):
            await broken.over.wait()
        await bot.stop()
    said = "\n".join(bot.lines)
    assert not [word for word in HIDDEN if word in said], said
    if level == "debug":
        assert f"the answer is not Telegram's: {len(CUT_OFF.encode())} bytes of no JSON" in said


def test_6a_no_error_shows_its_words_and_no_library_its_values(tmp_path: Path) -> None:
    """Whatever breaks, wherever: a process of its own, since the ways out of Python are set for all of it."""
    script = tmp_path / "breaks.py"
    script.write_text(_BREAKS)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    said = done.stdout + done.stderr
    assert "Zebraquagga" not in said, said
    assert "7345678901" not in said, said
    for told in ("stage failed", "ValueError", "breaks.py", "Can not load invalid JSON data", "UserWarning"):
        assert told in said, (told, said)


_BREAKS = """
import asyncio, gc, logging, threading, warnings
import structlog
from bot.config.logs import configure_logging

SECRET = "Zebraquagga 7345678901"
configure_logging("text", "debug")
log = structlog.get_logger()

def breaks():
    try:
        int(SECRET)
    except ValueError as error:
        error.add_note(SECRET)
        raise KeyError(SECRET) from error

def caught(how):
    try:
        breaks()
    except KeyError as error:
        how(error)

caught(lambda error: log.exception("stage failed, restarting"))
caught(lambda error: log.error("a job failed", exc_info=error))
caught(lambda error: logging.getLogger("aiohttp.server").exception("Error handling request"))
caught(lambda error: log.error("several", exc_info=ExceptionGroup(SECRET, [error])))
logging.getLogger("telegram.ext").error("said " + SECRET)
logging.getLogger("telegram").error("said %s", SECRET)
logging.getLogger("sqlalchemy.engine").warning("[parameters: %r]", (SECRET,))
logging.getLogger("aiohttp").error("broken %d", SECRET)
warnings.warn(SECRET)

from telegram.request import BaseRequest
try:
    BaseRequest.parse_json_payload(b"{" + SECRET.encode())
except Exception:
    pass

async def main():
    async def lost():
        raise ValueError(SECRET)
    task = asyncio.create_task(lost(), name=SECRET)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
    asyncio.get_running_loop().call_soon(lambda said: int(said), SECRET)
    await asyncio.sleep(0)
asyncio.run(main())

thread = threading.Thread(target=breaks)
thread.start()
thread.join()

class Falls:
    def __del__(self):
        raise ValueError(SECRET)
Falls()
raise ValueError(SECRET)
"""


# --- on the disk ---------------------------------------------------------------------------------------


async def nowhere(folder: Path, *chat_ids: int) -> None:
    """Return as soon as no file holds one of them: the case allows 25 s, a busy machine more."""
    async with asyncio.timeout(PATIENCE):
        while found_in(folder, chat_ids):  # noqa: ASYNC110 — nothing tells when a file has changed
            await asyncio.sleep(0.2)


@asynccontextmanager
async def subscribed(folder: Path) -> AsyncIterator[Desk]:
    """A reader who was sent three alerts."""
    async with desk(folder) as paper:
        paper.site.says(feed(OLD))
        await paper.looks(2)
        reader = paper.box.add_person("Hiddenname", id=READER)
        paper.box.say(reader.id, reader.id, "/subscribe")
        await paper.until(lambda: says(paper, "Done. I'll send you every article"))
        paper.site.says(feed(*(item(n, f"Headline {n}") for n in (4, 3, 2)), OLD))
        await paper.until(lambda: sum("Headline" in text for text in texts(paper)) == 3)
        assert found_in(folder, [READER])
        yield paper


def texts(paper: Desk) -> list[str]:
    return [each.content.text.plain for each in paper.box.visible_messages(READER) if each.author.is_bot]


def says(paper: Desk, words: str) -> bool:
    return any(words in text for text in texts(paper))


async def test_7a_who_types_forget_is_in_no_file_when_done_is_said(tmp_path: Path) -> None:
    async with subscribed(tmp_path) as paper:
        paper.box.say(READER, READER, "/forget")
        await paper.until(lambda: says(paper, "Done. I keep nothing about you,"))
        assert found_in(tmp_path, [READER]) == {}
        paper.site.says(feed(*(item(n, f"Headline {n}") for n in (5, 4, 3, 2)), OLD))
        await paper.until(lambda: "Headline 5" in paper.headlines())
        assert found_in(tmp_path, [READER]) == {}


async def test_7a_who_unsubscribes_is_in_no_file_when_done_is_said(tmp_path: Path) -> None:
    async with subscribed(tmp_path) as paper:
        paper.box.say(READER, READER, "/unsubscribe")
        await paper.until(lambda: says(paper, "Done. No more alerts."))
        assert found_in(tmp_path, [READER]) == {}


async def test_8a_who_blocks_the_bot_is_in_no_file_soon_after(tmp_path: Path) -> None:
    async with subscribed(tmp_path) as paper:
        paper.house.chat_memory.remember_list(READER, 1, (1,))
        paper.box.block(READER)
        await nowhere(tmp_path, READER)
        assert paper.house.chat_memory.recall_list(READER) == ()


async def test_8a_whose_account_is_gone_is_in_no_file_soon_after_the_next_alert(tmp_path: Path) -> None:
    async with subscribed(tmp_path) as paper:
        paper.box.deactivate(READER)
        paper.site.says(feed(*(item(n, f"Headline {n}") for n in (5, 4, 3, 2)), OLD))
        await nowhere(tmp_path, READER)


async def test_14_files_are_for_the_bot_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        data = tmp_path / "data"
        async with desk(data) as paper:
            paper.site.says(feed(OLD))
            await paper.looks(2)
            assert modes(data) == {0o600}
            assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert (data / "newswire.index").exists()
        for file in data.iterdir():  # as an earlier version left them
            file.chmod(0o644)
        async with desk(data):
            assert modes(data) == {0o600}
    finally:
        os.umask(before)


def modes(folder: Path) -> set[int]:
    names = {"newswire.db", "newswire.db-wal", "newswire.db-shm", "newswire.db.lock"}
    assert names <= {file.name for file in folder.iterdir()}
    return {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_14_check_warns_of_settings_and_a_folder_that_others_can_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=info\n")
    (tmp_path / ".env").chmod(0o644)
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    settings = {"DATABASE_URL": f"sqlite:///{shared}/newswire.db", "HTTP_ADDRESS": ""}
    told = await newswire(tmp_path, "check", "--json", **settings)
    wrong = {row["what"]: row["says"] for row in told.json["checks"] if not row["ok"]}
    assert "chmod 600 .env" in wrong[".env"]
    assert f"chmod 700 {shared}" in wrong[f"folder {shared}"]
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    (tmp_path / ".env").chmod(0o600)
    shared.chmod(0o700)
    told = await newswire(tmp_path, "check", "--json", **settings)
    assert not {".env", f"folder {shared}"} & {row["what"] for row in told.json["checks"] if not row["ok"]}


# --- a hundred readers ---------------------------------------------------------------------------------

MANY = range(READER, READER + 100 * 7_654_321, 7_654_321)
FORGOTTEN, BLOCKED = MANY[:10], MANY[10:20]
ALERTS = 50


async def hundred(room: Newsroom, look: Callable[[], None], **more: str) -> Running:
    """A hundred readers get fifty alerts each; ten type /forget, ten block the bot."""
    there, site = room.telegram, room.site
    site.says(feed(OLD))
    settings = room.settings(LOG_LEVEL="debug", RATE_OVERALL="1000/s", ALLOW_PAID_BROADCAST="yes") | more
    async with running(room.folder, "run", **settings) as bot:
        await room.looks(2)
        for chat_id in MANY:
            await there.post("add/person", name="Hiddenname", id=chat_id)
            await there.post("do/say", user_id=chat_id, chat_id=chat_id, text="/subscribe")
        await until_all_show(there, MANY, "Done. I'll send you", 1)
        site.says(feed(*(item(n, f"Headline {n}") for n in range(ALERTS + 1, 1, -1)), OLD))
        await until_all_show(there, MANY, "Headline", ALERTS)
        for chat_id in FORGOTTEN:
            await there.post("do/say", user_id=chat_id, chat_id=chat_id, text="/forget")
        for chat_id in BLOCKED:
            await there.post("do/block", user_id=chat_id)
        await until_all_show(there, FORGOTTEN, "Done. I keep nothing", 1)
        await nowhere(room.folder, *FORGOTTEN, *BLOCKED)
        look()
        await bot.stop()
    return bot


async def until_all_show(there: Telegram, chat_ids: range, words: str, count: int) -> None:
    async with asyncio.timeout(10 * PATIENCE):
        for chat_id in chat_ids:
            while sum(words in text for text in await there.texts(chat_id)) < count:
                await there.get(f"events?after={(await there.get('state'))['last_event']}&wait=5")


@pytest.mark.slow
async def test_of_a_hundred_readers_those_who_left_are_in_no_file_and_nobody_in_a_log(tmp_path: Path) -> None:
    folder, kept = tmp_path / "data", {}
    folder.mkdir(mode=0o700)
    async with newsroom(folder) as room:
        bot = await hundred(room, lambda: kept.update(found_in(folder, MANY)))
    said = "\n".join(bot.lines)
    assert not [chat_id for chat_id in MANY if str(chat_id) in said]
    assert "Hiddenname" not in said
    assert set(kept) == set(MANY[20:])  # of the others something is kept: the search finds what there is


# --- the readers' key ----------------------------------------------------------------------------------


@pytest.mark.slow
async def test_with_a_key_none_of_a_hundred_readers_is_in_any_file(tmp_path: Path) -> None:
    folder, kept = tmp_path / "data", {}
    folder.mkdir(mode=0o700)
    async with newsroom(folder) as room:
        await hundred(room, lambda: kept.update(found_in(folder, MANY)), READERS_KEY=generate_key())
    assert kept == {}
    assert found_in(folder, MANY) == {}


async def test_a_key_is_made_used_wanted_and_rotated(tmp_path: Path) -> None:
    data, old, new = tmp_path / "data", tmp_path / "old", tmp_path / "new"
    async with newsroom(data) as room:
        room.site.says(feed(OLD))
        settings = room.settings()
        assert (await newswire(tmp_path, "readers-key", "--to", str(old))).status == 0
        assert (await newswire(tmp_path, "readers-key", "--to", str(new))).status == 0
        assert stat.S_IMODE(old.stat().st_mode) == 0o600
        async with running(tmp_path, "run", **settings, READERS_KEY_FILE=str(old)) as bot:
            await room.looks(2)
            busy = await newswire(
                tmp_path, "readers-key", "--rotate", str(new), **settings, READERS_KEY_FILE=str(old)
            )
            assert (busy.status, "stop it first" in busy.err) == (1, True)
            await bot.stop()
        for wrong in ({}, {"READERS_KEY_FILE": str(new)}):
            told = await newswire(tmp_path, "status", **settings, **wrong)
            assert (told.status, told.err.count("\n"), told.err[:12]) == (2, 1, "READERS_KEY:")
        rotated = await newswire(
            tmp_path, "readers-key", "--rotate", str(new), **settings, READERS_KEY_FILE=str(old)
        )
        assert rotated.status == 0, rotated.err
        assert (await newswire(tmp_path, "status", **settings, READERS_KEY_FILE=str(new))).status == 0
        assert (await newswire(tmp_path, "status", **settings, READERS_KEY_FILE=str(old))).status == 2


async def test_check_warns_of_a_key_in_env_or_beside_the_database(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    settings = {"DATABASE_URL": f"sqlite:///{data}/newswire.db", "HTTP_ADDRESS": ""}
    (tmp_path / ".env").write_text(f"READERS_KEY={generate_key()}\n")
    (tmp_path / ".env").chmod(0o600)
    assert "it is in .env" in await wrong_of(tmp_path, "READERS_KEY", **settings)
    (tmp_path / ".env").unlink()
    for file, words in ((data / "key", "beside what it encrypts"), (tmp_path / "key", "")):
        assert (await newswire(tmp_path, "readers-key", "--to", str(file))).status == 0
        told = await wrong_of(tmp_path, "READERS_KEY_FILE", **settings, READERS_KEY_FILE=str(file))
        assert words in told
        assert bool(words) == bool(told)


async def wrong_of(folder: Path, what: str, **settings: str) -> str:
    told = await newswire(folder, "check", "--json", **settings)
    [row] = [row for row in told.json["checks"] if row["what"] == what]
    return "" if row["ok"] else str(row["says"])
