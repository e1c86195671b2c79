"""No post is lost because of its picture or its link, and links are sent as the site wrote them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape as in_xml
from zoneinfo import ZoneInfo

import pytest

from bot.render import ListLine, render_list, render_post
from bot.sandbox.telegram.messages import Message
from jobs.config import Pictures
from storage import articles
from storage.records import DeliveryState
from tests.bot.articles import NOW, article
from tests.jobs.ingest.site import a_site
from tests.jobs.publish.newsroom import every_delivery
from tests.stories import operator
from tests.stories.house import Desk, desk

PICTURE = "https://paper.example/p.jpg"
SAID_OF_A_PICTURE = (
    "400 Bad Request: PHOTO_EXT_INVALID",
    "400 Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN",
    "400 Bad Request: PHOTO_CONTENT_URL_EMPTY",
    "400 Bad Request: PHOTO_CONTENT_TYPE_INVALID",
    "400 Bad Request: EXTERNAL_URL_INVALID",
    "400 Bad Request: VOICE_MESSAGES_FORBIDDEN",
    "400 Bad Request: file is too big",
    "400 Bad Request: can't parse URL",
    "400 Bad Request: wrong padding in the string",
    "400 Bad Request: not enough rights to send photos to the chat",
    "400 Bad Request: SOMETHING_NEW",
    "413 Request Entity Too Large",
)
SAID_OF_THE_CHAT = (
    "400 Bad Request: need administrator rights in the channel chat",
    "400 Bad Request: CHAT_WRITE_FORBIDDEN",
    "400 Bad Request: TOPIC_CLOSED",
    "400 Bad Request: chat not found",
    "403 Forbidden: bot is not a member of the channel chat",
)
FORMS = {
    "usual Burmese order": "https://paper.example/articles/ခန\u103a\u1037",
    "decomposed": "https://paper.example/articles/cafe\u0301",
    "an angstrom": "https://paper.example/articles/\u212b-ridge",
    "a joiner": "https://paper.example/می\u200cخواهم?q=é#ခ",
    "encoded": "https://paper.example/%e1%80%81-%E1%80%81?a=%zz&b=",
    "long": "https://paper.example/" + "%E1%80%81" * 234,
    "a space": "https://paper.example/a%20b",
}


def item(number: str, link: str, title: str = "", picture: str = "") -> str:
    image = f'<enclosure url="{picture}" type="image/jpeg" length="1"/>' if picture else ""
    return (
        f"<item><title>{in_xml(title or number)}</title><link>{in_xml(link)}</link>"
        f'<guid isPermaLink="false">{number}</guid>{image}</item>'
    )


def rss(*items: str) -> bytes:
    return f'<rss version="2.0"><channel><title>P</title>{"".join(items)}</channel></rss>'.encode()


OLD = item("old", "https://paper.example/old")


def links(message: Message) -> list[str]:
    return [entity.url for entity in message.content.text.entities if entity.type == "text_link"]


def refused(paper: Desk) -> list[str]:
    """The refused methods."""
    return [
        event.details["method"]
        for event in paper.box.state.event_log.events_since(0)
        if event.kind == "refused"
    ]


async def test_j1_whatever_a_picture_is_refused_for_the_article_is_posted_as_text(tmp_path: Path) -> None:
    async with desk(tmp_path, pictures=Pictures.PHOTO) as paper:
        paper.site.says(rss(OLD))
        await paper.looks(2)
        items = [OLD]
        for number, said in enumerate(SAID_OF_A_PICTURE, 1):
            paper.box.faults.script(said, methods=["sendPhoto"])
            items.insert(0, item(f"n{number}", f"https://paper.example/{number}", picture=PICTURE))
            paper.site.says(rss(*items))
            await paper.until(lambda: len(paper.posts()) == number)  # noqa: B023
        assert paper.box.faults.injected_count == len(SAID_OF_A_PICTURE)
        assert [post.content.photo for post in paper.posts()] == [None] * len(SAID_OF_A_PICTURE)
        assert paper.headlines() == [f"n{number}" for number in range(1, len(SAID_OF_A_PICTURE) + 1)]


async def test_j1_a_refused_preview_goes_and_the_words_stay(tmp_path: Path) -> None:
    async with desk(tmp_path) as paper:
        paper.site.says(rss(OLD))
        await paper.looks(2)
        paper.box.faults.script("400 Bad Request: WEBPAGE_URL_INVALID", methods=["sendMessage"])
        paper.site.says(rss(item("new", "https://paper.example/new", picture=PICTURE), OLD))
        await paper.until(lambda: len(paper.posts()) == 1)
        [post] = paper.posts()
        assert post.content.preview == {"is_disabled": True}
        assert links(post)[0] == "https://paper.example/new"


async def test_j1_what_is_refused_as_text_too_is_refused_after_one_more_try(tmp_path: Path) -> None:
    async with desk(tmp_path, pictures=Pictures.PHOTO) as paper:
        paper.site.says(rss(OLD))
        await paper.looks(2)
        paper.box.faults.script("400 Bad Request: SOMETHING_NEW", times=9, chat_id=paper.channel.id)
        paper.site.says(rss(item("new", "https://paper.example/new", picture=PICTURE), OLD))
        await settled(paper, lambda state: state is DeliveryState.REFUSED)
        assert paper.box.faults.injected_count == 2


@pytest.mark.parametrize("said", SAID_OF_THE_CHAT)
async def test_j1_what_names_the_chat_is_not_tried_as_text(tmp_path: Path, said: str) -> None:
    async with desk(tmp_path, pictures=Pictures.PHOTO) as paper:
        paper.site.says(rss(OLD))
        await paper.looks(2)
        paper.box.faults.script(said, methods=["sendPhoto", "sendMessage"])
        paper.site.says(rss(item("new", "https://paper.example/new", picture=PICTURE), OLD))
        await settled(paper, lambda state: bool(paper.box.faults.injected_count))
        await paper.looks(3)
        assert paper.posts() == []
        assert paper.box.faults.injected_count == 1


async def test_j1_a_refused_new_picture_leaves_the_old_one_and_corrects_the_words(tmp_path: Path) -> None:
    async with desk(tmp_path, pictures=Pictures.PHOTO) as paper:
        paper.site.says(rss(OLD))
        await paper.looks(2)
        paper.site.says(rss(item("new", "https://paper.example/new", "The dam fails", PICTURE), OLD))
        await paper.until(lambda: len(paper.posts()) == 1)
        paper.box.faults.script("400 Bad Request: PHOTO_EXT_INVALID", methods=["editMessageMedia"])
        other = PICTURE.replace("p.jpg", "q.jpg")
        paper.site.says(rss(item("new", "https://paper.example/new", "The dam holds", other), OLD))
        await paper.until(lambda: paper.headlines() == ["The dam holds"])
        [post] = paper.posts()
        assert getattr(post.content.photo, "url", "") == PICTURE


async def settled(paper: Desk, true: Callable[[DeliveryState], bool]) -> None:
    for _ in range(100):
        if [one for one in paper.house.db.read_sync(every_delivery) if true(one.state)]:
            return
        await paper.looks(1)
    raise AssertionError("no delivery came so far")


async def test_k1_m7_a_link_goes_out_as_the_site_wrote_it_in_whichever_form(tmp_path: Path) -> None:
    async with desk(tmp_path) as paper:
        paper.site.says(rss(OLD))
        await paper.looks(2)
        paper.site.says(rss(*(item(name, link) for name, link in FORMS.items()), OLD))
        await paper.until(lambda: len(paper.posts()) == len(FORMS))
        for post in paper.posts():
            written = FORMS[post.content.text.plain.splitlines()[0]]
            assert "Read the full story" in post.content.text.plain
            [link, *_] = [url for url in links(post) if "paper.example" in url]
            assert link.isascii()
            assert unquote(link) == unquote(written)
            assert (post.content.preview or {}).get("url") == link
            known = paper.house.db.read_sync(articles.get_by_url, written)
            assert getattr(known, "url", "") == written


async def test_k1_the_other_unicode_form_is_the_same_article(tmp_path: Path) -> None:
    async with desk(tmp_path) as paper:
        paper.site.says(rss(OLD))
        await paper.looks(2)
        paper.site.says(rss(item("a", FORMS["decomposed"]), OLD))
        await paper.until(lambda: len(paper.posts()) == 1)
        composed = "https://paper.example/articles/caf\u00e9"
        paper.site.says(rss(item("b", composed, "a"), item("c", "https://paper.example/c"), OLD))
        await paper.until(lambda: len(paper.posts()) == 2)
        assert paper.headlines() == ["a", "c"]
        assert paper.house.db.read_sync(articles.get_by_url, composed)


async def test_m7_a_link_that_no_message_holds_costs_the_link_and_not_the_article(tmp_path: Path) -> None:
    async with desk(tmp_path) as paper:
        paper.site.says(rss(OLD))
        await paper.looks(2)
        longest = {
            size: item(str(size), "https://paper.example/" + "x" * size) for size in (9_000, 32_000, 90_000)
        }
        paper.site.says(rss(*longest.values(), OLD))
        await paper.until(lambda: len(paper.posts()) == 3)
        linked = {post.content.text.plain.splitlines()[0]: len(links(post)) for post in paper.posts()}
    assert linked["32000"] == linked["90000"] == linked["9000"] - 1


async def test_m7_a_link_that_telegram_does_not_take_costs_the_link_and_not_the_article(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, pictures=Pictures.NONE) as paper:
        paper.site.says(rss(OLD))
        await paper.looks(2)
        paper.box.faults.script("400 Bad Request: URL_INVALID", methods=["sendMessage"])
        paper.site.says(rss(item("new", FORMS["long"]), OLD))
        await paper.until(lambda: len(paper.posts()) == 1)
        assert not any("paper.example" in url for url in links(paper.posts()[0]))


async def test_m7_what_is_dropped_is_counted_and_named(tmp_path: Path) -> None:
    async with a_site() as site:
        too_long = "https://paper.example/" + "x" * 33_000
        site.says(rss(item("a", too_long), item("b", "tg://resolve?domain=x"), item("c", FORMS["long"])))
        settings = {"FEED_URLS": site.url(), "PRIVATE_NETWORKS": "127.0.0.0/8"}
        said = await operator.newswire(tmp_path, "fetch", "--json", **settings)
        assert said.status == 0, said.err
        why = await operator.newswire(tmp_path, "why", "tg://resolve?domain=x", **settings)
        kept = await operator.newswire(tmp_path, "why", FORMS["long"], "--json", **settings)
    [look], left_out = said.json["looks"], said.json["left_out"]
    assert (look["new"], look["left_out"]) == (2, 2)
    assert [row["what"] for row in left_out] == [
        "“a” is kept without its link, which has more than 32,768 characters.",
        "“b” was left out: readers cannot open its link 'tg://resolve?domain=x',"
        " since it is not a web address.",
    ]
    assert why.status == 1
    assert "it is not a web address" in why.err
    assert kept.json["article"][0]["link"] == FORMS["long"]


@pytest.mark.parametrize("size", [2_000, 20_000, 30_500])
def test_m7_no_request_is_too_long(size: int) -> None:
    known = article(url="https://news.example/" + "&" * (size // 5), title="<" * 300, summary="&" * 900)
    look: dict[str, Any] = {"language": "en", "timezone": ZoneInfo("UTC"), "now": NOW}
    for html in (
        render_post(known, **look).text,
        render_list(render_post(known, **look).text, [ListLine(known)], **look),
    ):
        assert len(html.encode()) <= 32_768
        assert "&lt;" in html
