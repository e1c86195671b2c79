"""Threads: each post of a story replies to the one before; an editor can correct which belong together."""

from pathlib import Path

from storage import articles
from tests.jobs.publish.test_story_assignment import ENGINEERS, FAMILIES, ORCHIDS, RIVER
from tests.stories.house import Desk, desk, world
from tests.stories.test_newsroom_goes_live import feed, item

OPERATOR = 77
OLD = item(1, "Parliament votes on the budget", "Members approved spending on schools.")


def threads(paper: Desk) -> dict[str, str]:
    """Return the headlines of the channel's posts, and of the posts that they reply to."""
    posts = {post.id: post.content.text.plain.splitlines()[0] for post in paper.posts()}
    return {posts[each.id]: posts[each.reply_to.id] if each.reply_to else "" for each in paper.posts()}


async def test_reports_of_one_event_are_a_thread_that_outlives_a_restart(tmp_path: Path) -> None:
    async with world() as around:
        news = [item(2, *RIVER), OLD]
        async with desk(tmp_path, around=around, threads=True) as paper:
            paper.site.says(feed(OLD))
            await paper.looks(2)
            paper.site.says(feed(*news))
            await paper.until(lambda: len(paper.posts()) == 1)
        async with desk(tmp_path, around=around, threads=True) as paper:
            paper.site.says(feed(item(4, *FAMILIES), item(3, *ORCHIDS), *news))
            await paper.until(lambda: len(paper.posts()) == 3)
            assert threads(paper) == {RIVER[0]: "", ORCHIDS[0]: "", FAMILIES[0]: RIVER[0]}


async def test_an_editor_joins_stories_by_command(tmp_path: Path) -> None:
    async with desk(tmp_path, operators=(OPERATOR,), threads=True) as paper:
        editor = paper.box.add_person("Editor", id=OPERATOR)
        paper.site.says(feed(OLD))
        await paper.looks(2)
        news = [item(3, *ORCHIDS), item(2, *RIVER), OLD]
        paper.site.says(feed(*news))
        await paper.until(lambda: len(paper.posts()) == 2)

        def answers() -> list[str]:
            shown = paper.box.visible_messages(editor.id)
            return [message.content.text.plain for message in shown if message.author.is_bot]

        paper.box.say(editor.id, editor.id, "/story join https://paper.example/2 https://paper.example/3")
        await paper.until(lambda: "Both are now one story." in answers())
        paper.site.says(feed(item(4, *ENGINEERS), *news))
        await paper.until(lambda: len(paper.posts()) == 3)
        assert threads(paper)[ENGINEERS[0]] == ORCHIDS[0]
        kept = await paper.house.db.read(articles.list_latest, 4)
        assert len({article.story_id for article in kept[:3]}) == 1
