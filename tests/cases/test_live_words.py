"""A feed's text is only text: no entity in Telegram comes from it, and none of it imitates our marks."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape as in_xml
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locale import quote_text, unquote_text
from bot.render import (
    Html,
    ListLine,
    article_headline,
    escape,
    highlight_text,
    render_link,
    render_list,
    render_post,
    to_plain_text,
)
from bot.render.marks import is_mark_like, without_marks, without_sign
from bot.sandbox.formatting.entities import FormattedText, add_detected, format_text
from bot.sandbox.formatting.entity_detection import detect_all_entities
from bot.sandbox.formatting.parse_html import parse_html
from bot.sandbox.telegram.messages import Message
from jobs.config import Pictures
from storage import articles
from storage.database import Database
from tests.bot.articles import NOW, article
from tests.bot.newsroom import Newsroom
from tests.conftest import MovedClock
from tests.stories.house import Desk, desk

LIVE = {"mention", "bot_command", "url", "email", "phone_number", "bank_card_number", "text_mention"}
MENTIONS = "@fisher_x says to @victim_name: send /forget and /unsubscribe@other_bot now"
ADDRESSES = "Read https://evil.example/login or www.evil2.example and evil3.com/x soon"
CONTACTS = (
    "write to a@evil.example or open t.me/evilbot?start=x and tg://user?id=777000 today, "
    "call +95 9 123 456 789 or pay 4111 1111 1111 1111"
)
TITLES = (MENTIONS, ADDRESSES, CONTACTS)
BANK = "https://bank.example/genuine"
YANGON = ZoneInfo("Asia/Yangon")


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    return Newsroom(archive, clock)


def shown(html: str) -> FormattedText:
    """The entities that Telegram detects in a text, with those that only its apps find."""
    plain_text, entities = parse_html(html)
    text = format_text(plain_text, entities)
    return add_detected(text, detect_all_entities(text.plain))


def live(text: FormattedText) -> list[str]:
    return [entity.type for entity in text.entities if entity.type in LIVE]


def linked(text: FormattedText) -> list[tuple[str, str]]:
    """The text and the URL of each link."""
    raw = text.plain.encode("utf-16-le")
    links = (entity for entity in text.entities if entity.type == "text_link")
    return [(raw[2 * e.offset : 2 * e.end].decode("utf-16-le"), e.url) for e in links]


def rss(*titles: str, sections: tuple[str, ...] = ()) -> bytes:
    kinds = "".join(f"<category>{in_xml(name)}</category>" for name in sections)
    items = (
        f"<item><title>{in_xml(title)}</title><link>https://paper.example/{number}</link>"
        f"<guid>{number}</guid><description>{in_xml(title[::-1] + ' ' + title)}</description>{kinds}</item>"
        for number, title in enumerate(titles)
    )
    return f'<rss version="2.0"><channel><title>P</title>{"".join(items)}</channel></rss>'.encode()


async def posted(paper: Desk, *titles: str, sections: tuple[str, ...] = ()) -> list[Message]:
    paper.site.says(rss("The river rises"))
    await paper.looks(2)
    paper.site.says(rss("The river rises", *titles, sections=sections))
    await paper.until(lambda: len(paper.posts()) == len(titles))
    return paper.posts()


async def test_11a_nothing_in_a_feeds_words_acts_in_the_channel(tmp_path: Path) -> None:
    async with desk(tmp_path) as paper:
        posts = await posted(paper, *TITLES, sections=("/forget", "@someone_x"))
    for post in posts:
        text = post.content.text
        assert live(add_detected(text, detect_all_entities(text.plain))) == []
        assert {url for _, url in linked(text)} <= {f"https://paper.example/{place}" for place in (1, 2, 3)}
        assert "/forget" in unquote_text(text.plain)
    heads = {unquote_text(post.content.text.plain).splitlines()[0] for post in posts}
    assert heads == set(TITLES)


async def test_11b_nothing_in_them_acts_in_alerts_and_lists(room: Newsroom) -> None:
    for title in (*TITLES, BANK):
        room.publish(title, summary=title[::-1], text=f"{title}. {title}", sections=("/forget",))
    reader = room.reader()
    questions = ("fisher_x forget @victim_name", "login evil3.com", "bank.example genuine")
    asked = ("/latest 4", "/related 1", *(f"/search {question}" for question in questions))
    answers = [await reader.types(each) for each in asked]
    for known in room.db.read_sync(articles.list_latest, 10):
        await room.sender.send(reader.chat_id, room.alert(known))
        answers.append(reader.sees())
    for answer in answers:
        text = answer.message.content.text
        assert live(add_detected(text, detect_all_entities(text.plain))) == []
        assert not any("bank.example" in words for words, _ in linked(text))
    together = unquote_text("\n".join(answer.text for answer in answers))
    assert all(title in together for title in (*TITLES, BANK))


async def test_11b_a_headline_that_is_an_address_leads_nowhere_else(room: Newsroom) -> None:
    room.publish(BANK)
    answer = await room.reader().types("/latest 1")
    assert linked(answer.message.content.text) == [("1.", "https://news.example/1")]
    assert "news.example" in unquote_text(answer.text)


async def test_11c_a_section_cannot_pass_for_a_mark_of_ours(tmp_path: Path) -> None:
    async with desk(tmp_path) as paper:
        [post] = await posted(paper, "The bridge opens", sections=("Updated 23:59", "World"))
    text = unquote_text(post.content.text.plain)
    assert "23:59" not in text
    assert "World · " in text


@pytest.mark.parametrize(
    "name",
    [
        "Updated 23:59",
        "UPDATED\u00a0\u00a0၂၃:၅၉",
        "Up\u200bdated 14.05",
        "Ｕｐｄａｔｅｄ １４：０５",
        "U p d a t e d · 14:05",
        "Uрdаted 14:05",
        "၁၄:၀၅ တွင် ပြင်ဆင်",
        "14:05 တွင်\u200bပြင်ဆင်",
        "🔴 BREAKING",
        "breaking\ufe0f",
        "အရေးပေါ် သတင်း",
        "World · 14:05",
        "Read the full story",
        "This article was withdrawn (14:05).",
    ],
)
def test_11c_in_no_spelling_and_no_language(name: str) -> None:
    assert is_mark_like(name)
    text = render_post(article(sections=(name,)), language="my", timezone=YANGON, now=NOW).text
    assert unquote_text(to_plain_text(name)) not in unquote_text(text.splitlines()[-1].partition("\n")[0])


@pytest.mark.parametrize("name", ["World", "Breaking News", "Updates", "24/7", "2026", "နိုင်ငံတကာ", "Sport 1"])
def test_11c_sections_that_only_resemble_them_stay(name: str) -> None:
    assert not is_mark_like(name)


@pytest.mark.parametrize(
    ("title", "left"),
    [
        ("🔴 Breaking: The dam fails", "The dam fails"),
        ("🔴\ufe0f🔴  BREAKING — 🔴 The dam fails", "The dam fails"),
        ("[🔴 အရေးပေါ်သတင်း] The dam fails", "The dam fails"),
        ("\u200b🔴The dam fails", "The dam fails"),
        ("Breaking: The dam fails", "Breaking: The dam fails"),
        ("The dam 🔴 fails", "The dam 🔴 fails"),
        ("🔴 Breaking", "Farmers along the Irrawaddy are three weeks ahead."),
    ],
)
def test_a_headline_loses_our_sign_for_breaking_news(title: str, left: str) -> None:
    assert unquote_text(article_headline(article(title=title))) == left
    assert without_sign(left) == left


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("World · 13:40 · Updated 14:05", "World"),
        ("Updated 14:05 | The river rose over its banks.", "The river rose over its banks."),
        ("13:40\u2028Read the full story", "13:40 Read the full story"),
        ("Read the full story", ""),
        ("This article was withdrawn (၁၄:၀၅)။", ""),
        ("Updated: 14 people died in floods.", "Updated: 14 people died in floods."),
    ],
)
def test_a_standfirst_cannot_pass_for_our_lines(written: str, left: str) -> None:
    assert without_marks(to_plain_text(written)) == left


def test_blanks_in_a_row_push_no_words_onto_a_line_of_their_own() -> None:
    padded = "The dam" + "\u00a0\u2800\u200b\u3164" * 40 + "Updated 14:05"
    assert to_plain_text(padded) == "The dam Updated 14:05"


def test_bold_does_not_split_a_mention_from_its_sign() -> None:
    html = highlight_text("write to @fisher_x and /forget me", [(10, 18), (24, 30)])
    assert live(shown(html)) == []
    assert html.count("<b>") == 2


PIECES = """\
@fisher_x @pic @ @@ /forget / // /forget@other_bot evil.com evil .com . : :// https:// tg://user?id=1
ton://x tonsite://x.ton a@evil.org + 959123456 7 12345 1.2.3.4 4111-1111-1111-1111 - ( ) _ ~ #tag $USD
« “ ? ! … · < > & မြန်မာ ခန့် рф .рф .ไทย ☎ ၀၉ ٠١٢٣٤٥٦٧ é x Z xn--p1ai 🔴
Breaking Updated 14:05 bank.example news.example
"""
ACTING = """\
@fisher_x မြန်မာ/forget (/forget@other_bot) #tag@fisher_x evil.com http://evil.nosuch/a ftp://evil.x1
EVIL.COM:80/x evil.рф evil.ไทย evil.भारत xn--p1ai.xn--p1ai 1.2.3.4 http://1.2.3.4:80/x me@evil.com
me@1.2.3.4 tg://user?id=1 ton://x t.me/+abc 09-123456789 4111111111111111
"""
NUMBERS = ("+95 9 123 456 789", "(01) 234 5678", "4111 1111 1111 1111")
UNSEEN = "  \u00a0\u200b\u2060\u200c\u202e\u030a\r\n"
WORDS = st.lists(st.sampled_from([*PIECES.split(), *UNSEEN]), max_size=24).map("".join) | st.text(
    "@/.:a1_-+ မл\u2060", max_size=60
)


@pytest.mark.parametrize("acting", [*ACTING.split(), *NUMBERS])
def test_what_telegram_detects_is_not_detected_when_quoted(acting: str) -> None:
    assert [entity.type for entity in detect_all_entities(acting) if entity.type in LIVE or "@" in acting]
    assert live(shown(escape(acting))) == []
    assert "@fisher_x" not in shown(escape(acting)).plain
    assert unquote_text(shown(escape(acting)).plain) == acting


@pytest.mark.parametrize(
    "said",
    [
        "and/or",
        "27/11",
        "1.5 million",
        "3:05 p.m. today",
        "12500",
        "a: b",
        "No. 5",
        "U.S.-led",
        "#World $USD",
        "x ...",
    ],
)
def test_harmless_text_is_left_as_it_is(said: str) -> None:
    assert quote_text(said) == said


@given(WORDS)
def test_quoted_text_is_inert_and_reads_the_same(written: str) -> None:
    said = to_plain_text(written)
    safe = quote_text(said)
    assert unquote_text(safe) == said
    assert quote_text(safe) == safe
    assert live(shown(escape(said))) == []
    for end in range(len(safe)):  # wherever it is cut
        assert live(shown(f"“{escape(safe[:end])}…")) == []


@given(
    WORDS,
    WORDS,
    st.lists(WORDS, max_size=3).map(tuple),
    st.sampled_from(["en", "my"]),
    st.booleans(),
    st.sampled_from(Pictures),
)
def test_no_words_act_in_posts_alerts_and_lists(
    title: str, summary: str, sections: tuple[str, ...], language: str, private: bool, pictures: Pictures
) -> None:
    written = article(title=title, summary=summary, sections=sections, text=summary)
    look: dict[str, Any] = {"language": language, "timezone": YANGON, "now": NOW}
    post = render_post(
        written,
        **look,
        private=private,
        pictures=pictures,
        breaking=private,
        corrected_at=NOW,
        bot_username="b",
    )
    marks = [(start, start + 3) for start in range(0, max(len(summary) - 3, 0), 5)]
    lines = [ListLine(written, highlight_text(summary, marks))] * 12
    listed = render_list(Html("<b>x</b>"), lines, **look)
    related = Html(
        f"{escape('Related to')} {render_link(escape(article_headline(written, 120)), written.url)}"
    )
    for html in (post.text, listed, related):
        text = shown(html)
        assert live(text) == []
        assert {url for _, url in linked(text)} == {written.url}
        assert not any(
            "bank.example" in words or ("evil" in words and ".com" in words) for words, _ in linked(text)
        )
    assert "\u2060" not in unquote_text(shown(post.text).plain)


@given(WORDS, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_our_own_times_and_numbers_hold_nothing_live(section: str, age: timedelta) -> None:
    old = article(title="Rice", sections=(section,), published_at=NOW - age)
    lines = [ListLine(old)] * 40
    assert live(shown(render_list(Html("x"), lines, language="en", timezone=YANGON, now=NOW))) == []
