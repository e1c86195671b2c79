"""A post shows its article, fits, and is accepted by Telegram, whatever the article contains."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locale import unquote_text
from bot.render import Button, Content, article_headline, render_post, render_withdrawn
from bot.sandbox.formatting.entities import format_text, utf16_length
from bot.sandbox.formatting.parse_html import parse_html
from jobs.config import Pictures
from tests.bot.articles import NOW, article

YANGON = ZoneInfo("Asia/Yangon")
PICTURE = "https://news.example/rice.jpg"
MARKUP = ("<b", "</", "<a", "<i", "&lt;", "&gt;", "&amp;", "&quot;", "href")
ANY_TEXT = st.text(max_size=300) | st.text(max_size=20).map(lambda text: text * 300)
ARTICLES = st.builds(
    article,
    url=ANY_TEXT | ANY_TEXT.map("https://news.example/{}".format),
    title=ANY_TEXT,
    summary=ANY_TEXT,
    sections=st.lists(ANY_TEXT, max_size=30).map(tuple),
    image_url=ANY_TEXT | ANY_TEXT.map("https://news.example/{}".format),
)


def post(language: str = "en", **said: Any) -> Content:
    return render_post(article(**said), language=language, timezone=YANGON, now=NOW)


def seen(content: Content) -> str:
    return parse_html(content.text)[0]


def test_a_post_has_headline_standfirst_section_time_link_and_hashtag() -> None:
    assert post().text == (
        "<b>Rice harvest begins early</b>\n\n"
        "Farmers along the Irrawaddy are three weeks ahead.\n\n"
        'World news · 13:40\n<a href="https://news.example/rice-harvest">Read the full story</a>\n\n'
        "#World_news"
    )


def test_a_burmese_post_writes_its_own_words_and_digits() -> None:
    content = post("my", title="စပါးရိတ်သိမ်းမှု စောစီးစွာ စတင်", sections=("ကမ္ဘာ့သတင်း",))
    assert "ကမ္ဘာ့သတင်း · ၁၃:၄၀" in content.text
    assert "သတင်းအပြည့်အစုံ ဖတ်ရန်" in content.text


def test_a_section_without_a_hashtag_is_named_next_to_the_time() -> None:
    assert "World, ကမ္ဘာ့သတင်း · 13:40" in post(sections=("World", "ကမ္ဘာ့သတင်း")).text


def test_markup_in_a_headline_is_shown_as_text() -> None:
    content = post(title="5 < 6 & 7 > 2 &amp; <b>bold</b>", summary="<script>alert('x')</script>")
    assert seen(content).startswith("5 < 6 & 7 > 2 &amp; <b>bold</b>\n\n<script>alert('x')</script>\n\n")


def test_an_older_article_shows_its_day() -> None:
    assert "November 22, 13:40" in post(published_at=datetime(2026, 11, 22, 7, 10, tzinfo=UTC)).text
    assert "November 23, 2025, 13:40" in post(published_at=datetime(2025, 11, 23, 7, 10, tzinfo=UTC)).text


def test_a_correction_is_marked_with_its_time() -> None:
    content = render_post(article(), language="en", timezone=YANGON, now=NOW, corrected_at=NOW)
    assert "World news · 13:40 · Updated 15:30" in content.text


def test_breaking_news_says_so_first() -> None:
    content = render_post(article(), language="en", timezone=YANGON, now=NOW, breaking=True)
    assert content.text.startswith("<b>🔴 Breaking</b>\n<b>Rice harvest begins early</b>")


def test_a_standfirst_that_repeats_the_headline_is_left_out() -> None:
    assert seen(post(summary="Rice harvest  begins early")).count("Rice harvest") == 1


def test_an_untitled_article_is_headed_by_its_standfirst_or_else_by_its_site() -> None:
    assert article_headline(article(title="\u202e ")) == "Farmers along the Irrawaddy are three weeks ahead."
    assert unquote_text(article_headline(article(title="", summary=""))) == "news.example"
    assert article_headline(article(title="", summary="", url="")) == "…"


def test_an_article_without_a_link_is_posted_without_one() -> None:
    content = post(url="")
    assert (content.preview, "<a" in content.text) == ("", False)


def test_the_picture_is_the_large_preview_above_the_text() -> None:
    content = post(image_url=PICTURE, image_width=640)
    assert (content.preview, content.large, content.above, content.photo) == (PICTURE, True, True, "")


@pytest.mark.parametrize(
    "picture",
    [{"image_width": 140}, {"image_url": "https://news.example/logo.svg"}, {"image_url": "data:image/png,x"}],
)
def test_a_picture_not_fit_to_be_shown_leaves_the_articles_own_preview(picture: dict[str, Any]) -> None:
    content = post(**{"image_url": PICTURE, **picture})
    assert (content.preview, content.large) == ("https://news.example/rice-harvest", False)


def test_no_pictures_means_no_preview_either() -> None:
    shown = article(image_url=PICTURE)
    content = render_post(shown, language="en", timezone=YANGON, now=NOW, pictures=Pictures.NONE)
    assert (content.preview, content.photo) == ("", "")


def test_a_photo_has_a_caption_that_fits_and_can_be_removed() -> None:
    shown = article(image_url=PICTURE, summary="Rain. " * 500)
    content = render_post(shown, language="en", timezone=YANGON, now=NOW, pictures=Pictures.PHOTO)
    assert (content.photo, content.preview) == (PICTURE, "")
    assert utf16_length(seen(content)) <= 1024
    assert content.without_picture() == replace(content, photo="")


def test_a_readers_own_alert_can_be_stopped_with_one_tap_and_stays_where_it_is() -> None:
    content = render_post(article(), language="en", timezone=YANGON, now=NOW, private=True)
    assert content.buttons == (
        (Button("Related articles", command="+related id:7"), Button("Stop alerts", command="+unsubscribe")),
    )


def test_a_channels_post_can_link_to_the_related_articles() -> None:
    content = render_post(article(), language="en", timezone=YANGON, now=NOW, bot_username="wirebot")
    assert content.buttons == ((Button("Related articles", url="https://t.me/wirebot?start=related_7"),),)


def test_a_withdrawn_articles_note_repeats_nothing_of_it() -> None:
    note = render_withdrawn(article(), language="en", timezone=YANGON, now=NOW, reason="<Wrong> river")
    assert note.text == "<i>This article was withdrawn (15:30).</i>\n&lt;Wrong&gt; river"
    assert note.preview == ""


@given(ARTICLES, st.sampled_from(Pictures), st.booleans(), st.sampled_from(["en", "my"]))
def test_telegram_accepts_the_post_of_any_article(
    shown: Any, pictures: Pictures, marked: bool, language: str
) -> None:
    content = render_post(
        shown,
        language=language,
        timezone=YANGON,
        now=NOW,
        pictures=pictures,
        breaking=marked,
        corrected_at=NOW if marked else None,
    )
    text, entities = parse_html(content.text)
    assert utf16_length(text) <= (1024 if content.photo else 4096)
    assert len(content.text.encode()) <= 32_768
    assert {entity.type for entity in entities} <= {"bold", "text_link"}
    assert format_text(text, entities).plain.strip()
    written = "".join((shown.title, shown.summary, *shown.sections, shown.url))
    assert [mark for mark in MARKUP if mark in text and mark not in written] == []
    assert Content.from_json(content.to_json()) == content


@given(st.text("<>&;/ab=\"' lgtmpquo#", min_size=1, max_size=80))
def test_the_visible_text_has_the_headline_as_it_was_written(title: str) -> None:
    shown = article(title=title, summary="")
    assert seen(post(title=title, summary="")).split("\n")[0] == article_headline(shown)
    if title.strip() and any(letter.isalnum() for letter in title):
        assert unquote_text(article_headline(shown)) == " ".join(title.split())


def test_json_is_canonical() -> None:
    content = Content(text=post().text, buttons=((Button("More", command="latest 5"),),))
    assert '"buttons":[[{"command":"latest 5","label":"More"}]]' in content.to_json()
    assert content.to_json() == Content.from_json(content.to_json()).to_json()
