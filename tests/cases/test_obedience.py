"""Whom do commands obey? No link alone, in a group its administrators, in the sandbox no other site."""

import asyncio
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sandbox.page.app import open_sandbox
from bot.sandbox.page.control_api import add_control_routes
from bot.sandbox.telegram.chat_factory import OWNER_ID
from bot.sandbox.telegram.chats import Chat, ChatType, Member, MemberStatus
from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.transport.http_server import create_app
from jobs.clock import SystemClock
from storage import chats, subscriptions
from storage.database import Database
from storage.records import Chat as KnownChat
from storage.records import ChatKind, Subscription
from tests.bot.newsroom import Newsroom, Person
from tests.conftest import MovedClock
from tests.stories.house import Desk, desk, world
from tests.stories.test_newsroom_goes_live import OLD, feed, item

NAMELESS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
AS_A_CHANNEL = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
MEMBERS_ONLY = (
    "Only administrators of this group can do that, and Telegram doesn't tell me that you're one."
    " You can still get every article in our private chat."
)
BEGUN = "Done. I'll post every article here as it appears. To stop, send /unsubscribe."
ENDED = "Done. No more articles here. To get them again, send /subscribe."
SETTLED = "The newsroom posts every article here itself, and only the newsroom can stop that."
OPERATOR = 77


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    return Newsroom(archive, clock)


def kept(room: Newsroom, chat_id: int) -> KnownChat | None:
    return room.db.read_sync(chats.get, chat_id)


def wishes(room: Newsroom, chat_id: int) -> list[Subscription]:
    return room.db.read_sync(subscriptions.list_subscriptions, chat_id)


def texts(box: FakeTelegram, chat_id: int) -> list[str]:
    """What the bot says there, first lines."""
    shown = (message for message in box.visible_messages(chat_id) if message.author.id == box.bot.id)
    return [message.content.text.plain.splitlines()[0] for message in shown if not message.service]


# --- 15: a link alone costs nobody anything


@pytest.mark.parametrize("payload", ["subscribe", "SUBSCRIBE", "subscribe_now", "subscribe_"])
async def test_15_a_link_only_asks_whether_to_send_every_article(room: Newsroom, payload: str) -> None:
    reader = room.reader()
    asked = await reader.types(f"/start {payload}")
    assert (asked.text, asked.commands) == ("Shall I send you every article?", ["subscribe"])
    assert (kept(room, reader.chat_id), wishes(room, reader.chat_id)) == (None, [])
    done = await reader.presses("Get every article")
    assert done.text.startswith("Done. I'll send you every article")
    assert len(wishes(room, reader.chat_id)) == 1


async def test_15_who_has_alerts_already_is_told_so(room: Newsroom) -> None:
    reader = room.reader()
    await reader.types("/subscribe")
    assert (await reader.types("/start subscribe")).text.startswith("You already get every article.")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text("abcdefghijklmnopqrstuvwxyzABC0123456789_-", max_size=64)
    | st.sampled_from(["subscribe", "unsubscribe", "stop", "forget", "retract_1", "read_1", "related_1"])
)
async def test_15_no_link_whatever_it_says_changes_what_is_kept(room: Newsroom, payload: str) -> None:
    room.publish("Rice harvest begins")
    stranger, follower, operator = room.reader(), room.reader(), room.operator()
    await follower.types("/subscribe")
    for person in (stranger, follower, operator):
        await person.types(f"/start {payload}")
    assert kept(room, stranger.chat_id) is None
    assert len(wishes(room, follower.chat_id)) == 1
    assert room.changes == 0


async def test_15_in_a_group_a_link_only_asks_and_its_button_obeys_administrators(room: Newsroom) -> None:
    member, group = in_a_group(room)
    asked = await member.types("/start@newswire_bot subscribe")
    assert asked.text.startswith("Shall I post every article here?")
    assert kept(room, group.id) is None
    await member.presses("Get every article")
    assert room.toasts == [MEMBERS_ONLY]
    assert (member.sees().text, kept(room, group.id)) == (asked.text, None)
    assert (await administrator(room, group).presses("Get every article")).text == BEGUN


# --- 17: no other site


async def a_browser(session: aiohttp.ClientSession, method: str, url: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with session.request(method, url, headers=named) as answer:
        return answer.status


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("mode", ["navigate", "no-cors", "cors", "websocket", "nested-navigate", ""])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site"])
async def test_17_the_sandboxs_bot_api_answers_no_browser_from_another_site(
    method: str, mode: str, site: str
) -> None:
    box = FakeTelegram(SystemClock(), random.Random(7))
    sandbox = await open_sandbox(box, None, port=0)
    alone = create_app(box)
    add_control_routes(alone, box)
    headers = {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": "document"}
    try:
        async with TestClient(TestServer(alone)) as client, aiohttp.ClientSession() as session:
            own = str(client.make_url("/"))
            for url in (f"{sandbox.address}bot{box.token}/getMe", f"{own}bot{box.token}/getMe"):
                assert await a_browser(session, method, url, **headers) == 403
                assert await a_browser(session, method, url, Origin="https://evil.example") == 403
                assert await a_browser(session, method, url) == 200
                assert await a_browser(session, method, url, Sec_Fetch_Site="same-origin") == 200
            assert await a_browser(session, "GET", f"{own}box/state", **headers) == 403
            assert await a_browser(session, "GET", f"{own}box/state") == 200
    finally:
        await sandbox.close()


async def test_17_a_link_from_elsewhere_to_the_sandboxs_page_opens_it() -> None:
    sandbox = await open_sandbox(FakeTelegram(SystemClock(), random.Random(7)), None, port=0)
    try:
        async with aiohttp.ClientSession() as session:
            headers = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
            assert await a_browser(session, "GET", sandbox.address, **headers) == 200
    finally:
        await sandbox.close()


# --- X6 and X7: a group's articles are its administrators' to ask for


def in_a_group(room: Newsroom, kind: ChatType = ChatType.SUPERGROUP) -> tuple[Person, Chat]:
    """An ordinary member, in the group."""
    member = room.reader("Member")
    add = room.box.add_group if kind == ChatType.GROUP else room.box.add_supergroup
    group = add("Talk", [member.user_id])
    return member.in_chat(group.id), group


def administrator(room: Newsroom, group: Chat, standing: MemberStatus = MemberStatus.ADMINISTRATOR) -> Person:
    if standing == MemberStatus.CREATOR:
        return Person(room, OWNER_ID, group.id)
    person = room.reader("Admin")
    group.members[person.user_id] = Member(standing)
    return person.in_chat(group.id)


def written(group: Chat, text: str, author: dict[str, Any], sender_chat: dict[str, Any]) -> dict[str, Any]:
    """What somebody writes in a group in the name of a chat."""
    said = {"message_id": 900, "date": 1790000000, "chat": group.to_json(), "from": author, "text": text}
    return {"message": said | {"sender_chat": sender_chat}}


@pytest.mark.parametrize("kind", [ChatType.GROUP, ChatType.SUPERGROUP])
@pytest.mark.parametrize("standing", [MemberStatus.CREATOR, MemberStatus.ADMINISTRATOR])
async def test_x6_an_administrator_begins_and_ends_a_groups_articles(
    room: Newsroom, kind: ChatType, standing: MemberStatus
) -> None:
    _, group = in_a_group(room, kind)
    admin = administrator(room, group, standing)
    begun = await admin.types("/subscribe@newswire_bot")
    assert (begun.text, begun.buttons) == (BEGUN, ["Stop alerts"])
    [wish] = wishes(room, group.id)
    assert (wish.what, wish.rhythm) == (subscriptions.EVERYTHING, subscriptions.AT_ONCE)
    again = await admin.types("/subscribe@newswire_bot")
    assert again.text == "Every article is already posted here. To stop, send /unsubscribe."
    assert (await admin.types("/unsubscribe@newswire_bot")).text == ENDED
    assert (kept(room, group.id), wishes(room, group.id)) == (None, [])
    none = await admin.types("/stop@newswire_bot")
    assert none.text == "No articles are posted here. To start, send /subscribe."


async def test_x6_a_nameless_administrator_begins_and_ends_them(room: Newsroom) -> None:
    member, group = in_a_group(room)
    room.box.inject(written(group, "/subscribe@newswire_bot", NAMELESS, group.to_json()))
    await room.answer()
    assert member.sees().text == BEGUN
    assert len(wishes(room, group.id)) == 1
    room.box.inject(written(group, "/unsubscribe@newswire_bot", NAMELESS, group.to_json()))
    await room.answer()
    assert (member.sees().text, kept(room, group.id)) == (ENDED, None)


async def test_x6_of_the_group_its_id_and_title_are_kept_and_of_nobody_in_it_anything(room: Newsroom) -> None:
    group = room.box.add_supergroup("Talk", username="talk_in_public")
    await administrator(room, group).types("/subscribe@newswire_bot")
    known = kept(room, group.id)
    assert known
    blank = chats.empty_chat(group.id, ChatKind.SUPERGROUP, room.clock.now())
    assert (known.title, known.username, known.language) == ("Talk", "", blank.language)
    everybody = room.db.read_sync(chats.get_many, [group.id, *group.members, *room.box.state.chats.users])
    assert set(everybody) == {group.id}


@pytest.mark.parametrize("typed", ["/subscribe", "/unsubscribe", "/stop"])
async def test_x7_an_ordinary_member_is_told_that_an_administrator_can(room: Newsroom, typed: str) -> None:
    member, group = in_a_group(room)
    told = await member.types(f"{typed}@newswire_bot")
    assert told.text == MEMBERS_ONLY
    assert told.urls == ["https://t.me/newswire_bot?start=subscribe"]
    assert kept(room, group.id) is None


async def test_x7_a_members_press_stops_nothing_and_leaves_the_message(room: Newsroom) -> None:
    member, group = in_a_group(room)
    begun = await administrator(room, group).types("/subscribe@newswire_bot")
    await member.presses("Stop alerts")
    assert (member.sees().text, room.toasts) == (begun.text, [MEMBERS_ONLY])
    assert len(wishes(room, group.id)) == 1
    assert (await administrator(room, group).presses("Stop alerts")).text == ENDED


async def test_x7_whoever_writes_as_another_chat_is_no_administrator(room: Newsroom) -> None:
    member, group = in_a_group(room)
    elsewhere = {"id": -1001777777777, "type": "channel", "title": "Elsewhere"}
    for author, chat in (
        (AS_A_CHANNEL, elsewhere),
        (NAMELESS, elsewhere),
        (AS_A_CHANNEL, group.to_json()),
    ):
        room.box.inject(written(group, "/subscribe@newswire_bot", author, chat))
        await room.answer()
        assert member.sees().text == MEMBERS_ONLY
    assert kept(room, group.id) is None


@pytest.mark.parametrize(
    "standing", [MemberStatus.MEMBER, MemberStatus.RESTRICTED, MemberStatus.LEFT, MemberStatus.KICKED]
)
async def test_x7_who_no_longer_administers_the_group_no_longer_can(
    room: Newsroom, standing: MemberStatus
) -> None:
    _, group = in_a_group(room)
    admin = administrator(room, group)
    await admin.types("/subscribe@newswire_bot")
    group.members[admin.user_id] = Member(standing)
    assert (await admin.types("/unsubscribe@newswire_bot")).text == MEMBERS_ONLY
    assert len(wishes(room, group.id)) == 1


@pytest.mark.parametrize(
    "fault", ["gateway_502", "reset", "timeout", "flood", "400 Bad Request: member list is inaccessible"]
)
async def test_x7_what_telegram_does_not_say_counts_as_no(room: Newsroom, fault: str) -> None:
    _, group = in_a_group(room)
    room.box.faults.script(fault, methods=["getChatMember"])
    admin = administrator(room, group)
    typing = asyncio.ensure_future(admin.types("/subscribe@newswire_bot"))
    while not typing.done():
        await room.clock.advance(1)
    assert typing.result().text == MEMBERS_ONLY
    assert kept(room, group.id) is None
    assert (await admin.types("/subscribe@newswire_bot")).text == BEGUN


async def has_settled(paper: Desk) -> None:
    """Two more looks at the feed: what they brought was planned and sent before."""
    await paper.looks(2)


async def followed(paper: Desk, kind: ChatType = ChatType.SUPERGROUP) -> Chat:
    """A group whose owner has just asked for its articles, the house having seen its feed once."""
    add = paper.box.add_group if kind == ChatType.GROUP else paper.box.add_supergroup
    group = add("Talk")
    paper.site.says(feed(*OLD))
    await paper.looks(2)
    paper.box.say(OWNER_ID, group.id, "/subscribe@newswire_bot")
    await paper.until(lambda: texts(paper.box, group.id) == [BEGUN])
    return group


@pytest.mark.parametrize("kind", [ChatType.GROUP, ChatType.SUPERGROUP])
async def test_x6_the_group_gets_articles_corrections_and_withdrawals_until_it_unsubscribes(
    tmp_path: Path, kind: ChatType
) -> None:
    async with desk(tmp_path, operators=(OPERATOR,)) as paper:
        paper.box.add_person("Editor", id=OPERATOR)
        group = await followed(paper, kind)
        paper.site.says(feed(item(4, "The dam holds"), item(3, "Ministr resigns"), *OLD))
        await paper.until(lambda: {"Ministr resigns", "The dam holds"} <= set(texts(paper.box, group.id)))
        paper.site.says(feed(item(4, "The dam holds"), item(3, "Minister resigns"), *OLD))
        await paper.until(lambda: "Minister resigns" in texts(paper.box, group.id))
        assert "Ministr resigns" not in texts(paper.box, group.id)

        paper.box.say(OPERATOR, OPERATOR, "/retract https://paper.example/3")
        await paper.until(lambda: len(texts(paper.box, OPERATOR)) == 1)
        [asked] = [
            message
            for message in paper.box.visible_messages(OPERATOR)
            if message.author.id == paper.box.bot.id
        ]
        assert "in 1 channel and in 1 group." in asked.content.text.plain
        paper.box.press(OPERATOR, OPERATOR, asked.id, "Withdraw")
        await paper.until(lambda: "Minister resigns" not in texts(paper.box, group.id))

        paper.box.say(OWNER_ID, group.id, "/unsubscribe@newswire_bot")
        await paper.until(lambda: texts(paper.box, group.id)[-1] == ENDED)
        paper.site.says(feed(item(5, "Rain stops"), item(4, "The dam holds"), *OLD))
        await paper.until(lambda: "Rain stops" in paper.headlines())
        await has_settled(paper)
        assert texts(paper.box, group.id) == [BEGUN, "The dam holds", ENDED]
        assert await paper.house.db.read(chats.get, group.id) is None


async def test_x6_a_group_that_the_settings_name_is_told_so_and_never_gets_a_post_twice(
    tmp_path: Path,
) -> None:
    async with world() as around:
        async with desk(tmp_path, around=around) as paper:
            group = await followed(paper)
        names = (around.channel.id, group.id)
        async with desk(tmp_path, around=around, channels=names) as paper:
            await paper.looks(2)
            assert await paper.house.db.read(subscriptions.list_subscriptions, group.id) == []
            for typed in ("/subscribe@newswire_bot", "/unsubscribe@newswire_bot"):
                paper.box.say(OWNER_ID, group.id, typed)
                await paper.until(lambda: texts(paper.box, group.id)[-1] == SETTLED)
                paper.box.delete(group.id, paper.box.visible_messages(group.id)[-1].id)
            paper.site.says(feed(item(3, "Minister resigns"), *OLD))
            await paper.until(lambda: "Minister resigns" in texts(paper.box, group.id))
            await has_settled(paper)
            assert texts(paper.box, group.id).count("Minister resigns") == 1
            assert await paper.house.db.read(subscriptions.list_subscriptions, group.id) == []


async def test_x6_a_group_that_removed_the_bot_gets_what_it_is_owed_when_the_bot_is_back(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, operators=(OPERATOR,)) as paper:
        paper.box.add_person("Editor", id=OPERATOR)
        group = await followed(paper)
        paper.box.set_bot(group.id, MemberStatus.KICKED)
        paper.site.says(feed(item(3, "Minister resigns"), *OLD))
        await paper.until(lambda: "Minister resigns" in paper.headlines())
        paper.box.set_bot(group.id, MemberStatus.MEMBER)
        await paper.until(lambda: "Minister resigns" in texts(paper.box, group.id))
        paper.site.says(feed(item(4, "The dam holds"), item(3, "Minister resigns"), *OLD))
        await paper.until(lambda: "The dam holds" in texts(paper.box, group.id))
        assert texts(paper.box, group.id) == [BEGUN, "Minister resigns", "The dam holds"]
        assert texts(paper.box, OPERATOR) == []


async def test_x6_a_subscription_follows_the_group_that_becomes_a_supergroup(tmp_path: Path) -> None:
    async with desk(tmp_path) as paper:
        group = await followed(paper, ChatType.GROUP)
        supergroup = paper.box.add_supergroup("Talk")
        paper.box.upgrade(group.id, supergroup.id)
        paper.site.says(feed(item(3, "Minister resigns"), *OLD))
        await paper.until(lambda: "Minister resigns" in texts(paper.box, supergroup.id))
        paper.box.say(OWNER_ID, supergroup.id, "/unsubscribe@newswire_bot")
        await paper.until(lambda: texts(paper.box, supergroup.id)[-1] == ENDED)
        assert texts(paper.box, group.id) == [BEGUN]
        known = await paper.house.db.read(chats.get_many, [group.id, supergroup.id])
        assert known == {}
