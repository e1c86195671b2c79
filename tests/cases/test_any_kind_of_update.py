"""Every kind of update, valid and corrupted, against `newswire run` at LOG_LEVEL=debug.

Nothing is answered in a channel, nothing about a reader is logged, and the next article is posted.
"""

import asyncio
import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.sandbox.telegram.fake_telegram import FakeTelegram
from bot.sandbox.telegram.limits import NO_LIMITS
from bot.sandbox.transport.http_server import create_app
from jobs.clock import SystemClock
from tests.conftest import THOROUGH
from tests.jobs.ingest.site import a_site
from tests.stories.operator import PATIENCE, running, settings_for
from tests.stories.test_newsroom_goes_live import OLD, feed, item

Json = dict[str, Any]
COUNT = 10_000 if THOROUGH else 1000
BATCH = 100

#: What must never be logged: readers' ids, names and words. The readers' ids are consecutive.
READER, READERS = 7345678900, 50
SECRETS = ("73456789", "Hiddenname", "secretperson", "Zebraquagga")
USER = {"id": READER, "is_bot": False, "first_name": "Hiddenname", "username": "secretperson"}
CHANNEL, GROUP = "CHANNEL", "GROUP"  # replaced by their ids
PRIVATE = {"id": READER, "type": "private", "first_name": "Hiddenname", "username": "secretperson"}
CHATS = (
    PRIVATE,
    {"id": CHANNEL, "type": "channel", "title": "The Paper"},
    {"id": CHANNEL, "type": "supergroup", "title": "The Paper"},
    {"id": CHANNEL, "type": "private", "first_name": "x"},
    {"id": GROUP, "type": "supergroup", "title": "Talk"},
    {"id": -1001999999999, "type": "channel", "title": "Zebraquagga"},
)
WORDS = ("Zebraquagga", "/search Zebraquagga", "/latest 1", "/forget", "/subscribe", "/nonsense Zebraquagga")
BOT = {"id": 7000001, "is_bot": True, "first_name": "Newswire", "username": "newswire_bot"}
MARKUP = {"inline_keyboard": [[{"text": "More ›", "callback_data": "latest 1"}]]}
MEMBER = {"user": BOT, "status": "administrator", "can_post_messages": True, "can_be_edited": False}
MEMBER |= dict.fromkeys(
    ("can_manage_chat", "can_change_info", "can_delete_messages", "can_invite_users", "can_restrict_members"),
    False,
) | dict.fromkeys(("can_promote_members", "can_manage_video_chats", "is_anonymous"), False)
MEMBER |= dict.fromkeys(("can_post_stories", "can_edit_stories", "can_delete_stories"), False)


def message(text: str, chat: Json, **more: Any) -> Json:
    return {"message_id": 2, "date": 1790000000, "chat": chat, "from": USER, "text": text} | more


def templates(text: str, chat: Json) -> dict[str, Json]:
    """One valid update of each kind (Bot API 10.0, Update)."""
    said = message(text, chat)
    business = {"id": "b", "user": USER, "user_chat_id": READER, "date": 1, "is_enabled": True}
    query = {"id": "1", "from": USER}
    address = {"country_code": "MM", "state": text, "city": text, "street_line1": text}
    address |= {"street_line2": text, "post_code": text}
    poll = {"id": "1", "question": text, "options": [], "total_voter_count": 0, "is_closed": False}
    poll |= {"is_anonymous": True, "type": "regular", "allows_multiple_answers": False}
    change = {"chat": chat, "from": USER, "date": 1, "old_chat_member": MEMBER}
    source = {"source": "premium", "user": USER}
    boost = {"boost_id": "1", "add_date": 1, "expiration_date": 2, "source": source}
    reaction = {"chat": chat, "message_id": 1, "date": 1}
    pressed = message(text, chat, reply_markup=MARKUP) | {"from": BOT}
    return {
        "message": said,
        "edited_message": said | {"edit_date": 2},
        "channel_post": said,
        "edited_channel_post": said | {"edit_date": 2},
        "business_connection": business,
        "business_message": said | {"business_connection_id": "b"},
        "edited_business_message": said | {"edit_date": 2},
        "deleted_business_messages": {"business_connection_id": "b", "chat": chat, "message_ids": [1]},
        "message_reaction": reaction | {"user": USER, "old_reaction": [], "new_reaction": []},
        "message_reaction_count": reaction | {"reactions": []},
        "inline_query": query | {"query": text, "offset": ""},
        "chosen_inline_result": {"result_id": "1", "from": USER, "query": text},
        "callback_query": query | {"chat_instance": "1", "data": "latest 1", "message": pressed},
        "shipping_query": query | {"invoice_payload": text, "shipping_address": address},
        "pre_checkout_query": query | {"currency": "XTR", "total_amount": 1, "invoice_payload": text},
        "purchased_paid_media": {"from": USER, "paid_media_payload": text},
        "poll": poll,
        "poll_answer": {"poll_id": "1", "user": USER, "option_ids": [0]},
        "my_chat_member": change | {"new_chat_member": MEMBER},
        "chat_member": change | {"new_chat_member": MEMBER},
        "chat_join_request": {"chat": chat, "from": USER, "user_chat_id": READER, "date": 1, "bio": text},
        "chat_boost": {"chat": chat, "boost": boost},
        "removed_chat_boost": {"chat": chat, "boost_id": "1", "remove_date": 1, "source": source},
        "a_kind_that_nobody_knows_yet": {"from": USER, "chat": chat, "text": text},
    }


KINDS = sorted(templates("x", PRIVATE))
JUNK: tuple[Any, ...] = (
    None,
    "",
    "Zebraquagga",
    0,
    -1,
    READER,
    2**70,
    1.5,
    True,
    [],
    {},
    [[]],
    {"id": READER},
    "\ud800",
    "\0",
)
one_update = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(WORDS),
    st.sampled_from(CHATS),
    st.integers(0, 2**32),  # which values are corrupted
    st.sampled_from((0, 0, 1, 3)),  # and how many
)


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in a JSON tree, as its parent and key."""
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from places(tree[key])


def spoilt(drawn: tuple[str, str, Json, int, int], ids: dict[str, int]) -> Json:
    """The drawn update."""
    kind, text, chat, seed, spoils = drawn
    chance = random.Random(seed)
    update = copy.deepcopy({kind: templates(text, chat)[kind]})
    for node, key in list(places(update)):
        if node[key] == READER:
            node[key] = READER + seed % READERS
        elif node[key] in ids if isinstance(node[key], str) else False:
            node[key] = ids[node[key]]
    for _ in range(spoils):
        node, key = chance.choice(list(places(update)))
        if chance.random() < 0.2 and isinstance(node, dict):
            del node[key]
        else:
            node[key] = copy.deepcopy(chance.choice(JUNK))
        if not update:
            break
    return update


def drawn_updates(ids: dict[str, int]) -> list[Json]:
    found: list[Json] = []

    @settings(max_examples=COUNT, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(one_update)
    def collect(drawn: tuple[str, str, Json, int, int]) -> None:
        found.append(spoilt(drawn, ids))

    collect()
    return found


@pytest.mark.slow
async def test_1_no_update_of_any_kind_is_answered_in_a_channel_or_leaves_a_trace_in_the_log(
    tmp_path: Path,
) -> None:
    box = FakeTelegram(SystemClock(), random.Random(7), limits=NO_LIMITS)
    channel, group = box.add_channel("The Paper", username="the_paper"), box.add_supergroup("Talk")
    for number in range(READERS):
        box.add_person("Hiddenname", id=READER + number, username=f"secretperson{number}")
    updates = drawn_updates({CHANNEL: channel.id, GROUP: group.id})
    assert {kind for update in updates for kind in update} >= set(KINDS)
    async with a_site() as site, TestServer(create_app(box)) as server:
        site.says(feed(*OLD))
        address = str(server.make_url("")).rstrip("/")
        environment = settings_for(
            site, tmp_path, address, TELEGRAM_BOT_TOKEN=box.token, CHANNELS=str(channel.id), LOG_LEVEL="debug"
        )
        async with running(tmp_path, "run", **environment) as bot:
            await bot.until_it_says("receiving updates")
            for start in range(0, len(updates), BATCH):
                for update in updates[start : start + BATCH]:
                    box.inject(update)
                await until_taken(box)
            site.says(feed(item(3, "The bridge opens again"), *OLD))
            events = box.follow_events(0)
            async with asyncio.timeout(PATIENCE):
                while len(box.visible_messages(channel.id)) < 2:
                    await anext(events)
            status, _ = await bot.stop()
            assert status == 0
    shown = [one for one in box.visible_messages(channel.id) if not one.service]
    assert [one.content.text.plain.splitlines()[0] for one in shown] == ["The bridge opens again"]
    assert not any(one.versions for one in shown)
    for line in bot.lines:
        assert not [secret for secret in SECRETS if secret in line], line
    assert not [line for line in bot.lines if "Traceback" in line]


async def until_taken(box: FakeTelegram) -> None:
    """Wait until the bot has fetched every update."""
    async with asyncio.timeout(PATIENCE):
        while len(box.state.updates):
            await box.state.updates.polling.wait()
            await asyncio.sleep(0)
