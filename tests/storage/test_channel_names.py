"""A @name means the first channel of ours that was known by it; and what an older database knows of names."""

from runpy import run_path

from sqlalchemy import text

from storage import channel_names, chats
from storage.database import Connection, Database
from storage.migrations import VERSIONS
from storage.records import ChatKind
from tests.jobs.publish.newsroom import CHANNEL, NOW, chat

[FILE] = VERSIONS.glob("*_channels_known_by_their_id.py")
STATEMENTS = ("KEEP_NAMES_OF_SETTINGS", "KEEP_OTHER_NAMES", "KEEP_ALARMS", "END_UNKNOWN")


def test_the_first_channel_keeps_a_name_in_whatever_case(db: Database) -> None:
    def work(c: Connection) -> None:
        channel_names.bind_name(c, "@Daily_News", CHANNEL)
        channel_names.bind_name(c, "daily_news", -1002)
        found = channel_names.get(c, "@DAILY_news")
        assert found
        assert (found.name, found.chat_id, found.leads_to) == ("daily_news", CHANNEL, CHANNEL)
        channel_names.record_target(c, "Daily_News", -1002)
        assert [
            (each.chat_id, each.leads_to) for each in channel_names.get_many(c, ["@daily_news", "@other"])
        ] == [(CHANNEL, -1002)]

    db.run_sync(work)


def test_the_settings_follow_a_name_and_a_group_that_became_a_supergroup(db: Database) -> None:
    def work(c: Connection) -> None:
        chat(c, -4001, ChatKind.GROUP)
        channel_names.bind_name(c, "daily_news", -4001)
        chats.move(c, -4001, -1002)
        chat(c, -1003, username="daily_news")  # a stranger who has the name now
        [found] = chats.resolve_channels(c, ["@daily_news"], NOW, "")
        assert (found.id, found.named) == (-1002, True)

    db.run_sync(work)


def test_a_database_of_before_knows_whose_each_name_was(db: Database) -> None:
    def work(c: Connection) -> None:
        [waiting] = chats.resolve_channels(c, ["@by_name"], NOW, "")
        chats.move(c, waiting.id, CHANNEL, ChatKind.CHANNEL)
        chat(c, -1002, username="By_Name")
        chat(c, -1003, username="by_id")
        chat(c, 7, ChatKind.PRIVATE)
        version = run_path(str(FILE))
        for statement in STATEMENTS:
            c.execute(text(version[statement]))
        assert [(each.name, each.chat_id) for each in channel_names.get_many(c, ["by_name", "by_id"])] == [
            ("by_id", -1003),
            ("by_name", CHANNEL),
        ]

    db.run_sync(work)
