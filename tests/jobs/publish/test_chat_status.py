"""Whether the bot may post in a chat: what is learned of it, and what operators are told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.publish.chat_status import (
    MAX_RETRY_DELAY,
    StatusSource,
    channel_alarm,
    describe_channel_alarm,
    is_reported,
    next_status,
    record_flood_wait,
    record_status,
)
from storage import chats
from storage.database import Database
from storage.records import Alarm, Chat, ChatKind, ChatState
from tests.jobs.publish.newsroom import CHANNEL, NOW, chat, every_delivery, later

OPERATOR = 50
WELL = replace(chats.empty_chat(CHANNEL, ChatKind.CHANNEL, NOW), named=True, title="Daily")
LOST = replace(WELL, state=ChatState.PAUSED, reason="kicked")
REFUSED = replace(LOST, tries=1, retry_at=later(minutes=1))
LEFT = replace(WELL, state=ChatState.LEFT, reason="gone", tries=1)
BY_OPERATOR = replace(WELL, state=ChatState.PAUSED, reason=chats.BY_OPERATOR)
MOVED = replace(WELL, state=ChatState.LEFT, moved_to=-1005)


@pytest.mark.parametrize("source", StatusSource)
@pytest.mark.parametrize("why_not", ["", "kicked"])
@pytest.mark.parametrize("known", [BY_OPERATOR, MOVED])
def test_what_an_operator_paused_and_what_moved_stays_as_it_is(
    known: Chat, source: StatusSource, why_not: str
) -> None:
    assert next_status(known, source, NOW, why_not) == known


def test_a_refused_send_is_retried_with_exponential_backoff_up_to_an_hour() -> None:
    known, waits = WELL, []
    for tries in range(1, 9):
        known = next_status(known, StatusSource.ERROR, NOW, "TOPIC_CLOSED")
        assert (known.state, known.reason, known.tries) == (ChatState.PAUSED, "TOPIC_CLOSED", tries)
        assert known.retry_at
        waits.append((known.retry_at - NOW) / timedelta(minutes=1))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    often = next_status(replace(REFUSED, tries=10**6), StatusSource.ERROR, NOW, "TOPIC_CLOSED")
    assert often.retry_at == NOW + MAX_RETRY_DELAY


def test_a_chat_that_is_gone_for_good_is_left() -> None:
    gone = next_status(WELL, StatusSource.ERROR, NOW, "chat not found", gone=True)
    assert (gone.state, gone.reason) == (ChatState.LEFT, "chat not found")
    assert next_status(gone, StatusSource.MEMBERSHIP, NOW, "kicked") == gone
    assert next_status(gone, StatusSource.MEMBERSHIP, NOW).state is ChatState.ACTIVE


def test_what_telegram_says_of_a_membership_is_not_overruled_by_a_refused_send() -> None:
    assert next_status(LOST, StatusSource.ERROR, NOW, "Forbidden") == LOST
    assert next_status(REFUSED, StatusSource.QUERY, NOW, "demoted") == replace(
        REFUSED, reason="demoted", tries=0, retry_at=None
    )


@pytest.mark.parametrize(
    ("known", "source", "ends"),
    [
        (LOST, StatusSource.SENT, False),
        (LOST, StatusSource.QUERY, True),
        (LOST, StatusSource.MEMBERSHIP, True),
        (REFUSED, StatusSource.SENT, True),
        (REFUSED, StatusSource.QUERY, False),
        (REFUSED, StatusSource.MEMBERSHIP, True),
        (LEFT, StatusSource.SENT, True),
    ],
)
def test_a_pause_ends_only_by_what_can_tell(known: Chat, source: StatusSource, ends: bool) -> None:
    assert next_status(known, source, NOW) == (WELL if ends else known)


def test_only_a_send_ends_the_wait_of_a_429() -> None:
    flooded = replace(WELL, flooded_until=later(hours=1))
    assert next_status(flooded, StatusSource.SENT, NOW) == WELL
    assert next_status(flooded, StatusSource.QUERY, NOW) == flooded


def test_operators_are_told_only_of_chats_that_channels_names_and_that_they_did_not_pause() -> None:
    assert [is_reported(each) for each in (WELL, LOST, LEFT)] == [True] * 3
    follower = replace(LOST, named=False)
    for silent in (follower, BY_OPERATOR, MOVED):
        assert not is_reported(silent)
        assert channel_alarm(silent, NOW) is Alarm.NONE
    assert [channel_alarm(each, NOW) for each in (WELL, LOST, LEFT)] == [Alarm.NONE, Alarm.LOST, Alarm.LOST]


def test_a_name_that_has_not_been_found_yet_raises_no_alarm() -> None:
    reason = f"@daily {chats.NOT_YET_FOUND}"
    waiting = replace(LOST, id=chats.MAX_PLACEHOLDER_ID, reason=reason)
    assert channel_alarm(waiting, NOW) is Alarm.NONE
    assert channel_alarm(replace(waiting, reason="chat not found"), NOW) is Alarm.LOST
    assert channel_alarm(replace(LOST, reason=reason), NOW) is Alarm.LOST


def test_a_429_raises_an_alarm_if_it_lasts_and_keeps_it_until_it_is_over() -> None:
    until = later(minutes=10)
    assert channel_alarm(replace(WELL, flooded_until=until), NOW) is Alarm.NONE
    longer = replace(WELL, flooded_until=until + timedelta(seconds=1))
    assert channel_alarm(longer, NOW) is Alarm.WAITING
    assert channel_alarm(replace(longer, alarm=Alarm.WAITING), later(minutes=9)) is Alarm.WAITING
    assert channel_alarm(replace(longer, state=ChatState.PAUSED), NOW) is Alarm.LOST


def test_a_notice_says_what_happened_and_what_to_do() -> None:
    def notice(**facts: object) -> str:
        return describe_channel_alarm(replace(LOST, alarm=Alarm.LOST, **facts))  # type: ignore[arg-type]

    assert notice(reason="Forbidden: bot was kicked.") == (
        "⚠️ Daily cannot be written to: bot was kicked. What it is owed is kept until it can be. "
        "In the channel: Administrators, the bot, Post Messages."
    )
    assert "let it send messages" in notice(kind=ChatKind.SUPERGROUP)
    assert "open the topic General" in notice(reason="Bad Request: TOPIC_CLOSED")
    assert notice(state=ChatState.LEFT, reason="Bad Request: gone") == "⚠️ Daily is gone: gone."
    assert describe_channel_alarm(WELL) == "✅ Daily can be written to again."


def test_operators_are_told_once_when_a_channel_is_lost_and_once_when_it_is_back(archive: Database) -> None:
    def learn(source: StatusSource, why_not: str = "") -> bool:
        return archive.run_sync(record_status, CHANNEL, source, (OPERATOR,), NOW, why_not=why_not)

    assert not learn(StatusSource.MEMBERSHIP, "kicked")
    archive.run_sync(lambda connection: chat(connection, named=True, title="Daily"))
    steps = [
        learn(StatusSource.MEMBERSHIP),
        learn(StatusSource.MEMBERSHIP, "kicked"),
        learn(StatusSource.MEMBERSHIP, "kicked"),
        learn(StatusSource.QUERY, "demoted"),
        learn(StatusSource.QUERY),
    ]
    assert steps == [False, True, False, True, True]
    assert len(archive.read_sync(every_delivery)) == 2
    archive.run_sync(record_flood_wait, CHANNEL, later(minutes=5), (OPERATOR,), NOW)
    known = archive.read_sync(chats.get, CHANNEL)
    assert known
    assert known.flooded_until == later(minutes=5)
    assert len(archive.read_sync(every_delivery)) == 2
    assert learn(StatusSource.ERROR, "TOPIC_CLOSED")
    known = archive.read_sync(chats.get, CHANNEL)
    assert known
    assert (known.state, known.alarm) == (ChatState.PAUSED, Alarm.LOST)
    archive.run_sync(record_status, CHANNEL, StatusSource.ERROR, (OPERATOR,), NOW, why_not="x", gone=True)
    known = archive.read_sync(chats.get, CHANNEL)
    assert known
    assert (known.state, known.alarm) == (ChatState.LEFT, Alarm.LOST)
    assert len(archive.read_sync(every_delivery)) == 3
