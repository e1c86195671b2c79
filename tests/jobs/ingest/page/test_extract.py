"""What is extracted from an article's page, and what is not trusted."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs.ingest.http.results import NoPage, ReadPage
from jobs.ingest.page.extract import parse_page
from jobs.ingest.page.jsonld import JsonLdArticle, find_article

URL = "https://www.paper.example/world/flood-2"
TEXT = "<p>" + "The river rose again in the night, and the bridge was closed at dawn. " * 8 + "</p>"
ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Bridge closed as river rises",
    "datePublished": "2026-11-23T08:00:00+06:30",
    "dateModified": "2026-11-23T09:00:00Z",
    "articleSection": ["World", "Weather"],
    "author": [{"@type": "Person", "name": "Aye Aye"}],
    "image": {"@type": "ImageObject", "url": "/img/bridge.jpg", "width": 1200},
}


def page(*head: str, body: str = "", lang: str = "en") -> bytes:
    article = f"<article><h1>Bridge closed</h1>{TEXT}{body}</article>"
    start = f'<!DOCTYPE html><html lang="{lang}"><head>{"".join(head)}</head>'
    return f"{start}<body>{article}</body></html>".encode()


def meta(**said: str) -> str:
    """`og__title="x"` is og:title."""
    return "".join(
        f'<meta property="{name.replace("__", ":")}" content="{value}">' for name, value in said.items()
    )


def script(document: object) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    return f'<script type="application/ld+json">{text}</script>'


def read(body: bytes, url: str = URL) -> ReadPage:
    found = parse_page(body, "", url)
    assert isinstance(found, ReadPage), found
    return found


def test_all_that_a_page_says_is_read() -> None:
    found = read(
        page(
            "<title>Bridge closed as river rises | The Paper</title>",
            '<link rel="canonical" href="/world/flood">',
            meta(
                og__site_name="The Paper",
                og__title="Bridge closed as river rises | The Paper",
                og__description="The night brought more rain to the valley.",
                og__image="//cdn.paper.example/img/flood-1200.jpg",
                og__image__width="1200",
                article__published_time="2026-11-23T08:00:00+06:30",
                article__modified_time="2026-11-23T02:00:00Z",
                article__section="World",
            ),
        )
    )
    assert found == ReadPage(
        url="https://www.paper.example/world/flood",
        title="Bridge closed as river rises",
        summary="The night brought more rain to the valley.",
        text=found.text,
        sections=("World",),
        language="en",
        image_url="https://cdn.paper.example/img/flood-1200.jpg",
        image_width=1200,
        published=datetime(2026, 11, 23, 1, 30, tzinfo=UTC),
        modified=datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
    )
    assert found.text.startswith("The river rose again")


@pytest.mark.parametrize(
    "image",
    [
        "{{rubedo.current.page.metaImage}}",
        "https://paper.example/{{image}}",
        "/favicon-96.ico",
        "/img/logo.png",
        "/static/paper-logo-1200x630.png",
        "/apple-touch-icon.png",
        "/img/default.jpg",
        "/img/default-og-image.png",
        "/images/default-images/opener.jpg",
        "https://s0.wp.com/i/blank.jpg",
        "/img/placeholder_16x9.png",
        "/img/share-card.svg",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "http://127.0.0.1/bridge.jpg",
        "https://",
        "",
    ],
)
def test_a_picture_that_is_none_gives_way_to_the_next(image: str) -> None:
    head = (meta(og__image=image), meta(twitter__image="https://paper.example/bridge.jpg"))
    assert read(page(*head)).image_url == "https://paper.example/bridge.jpg"
    assert read(page(head[0])).image_url == ""


@pytest.mark.parametrize(
    ("image", "absolute"),
    [
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ("a.jpg", "https://www.paper.example/world/a.jpg"),
        ("/sites/default/files/flood.jpg", "https://www.paper.example/sites/default/files/flood.jpg"),
        ("http://cdn.example/a.jpg?w=1200&amp;h=630", "http://cdn.example/a.jpg?w=1200&h=630"),
    ],
)
def test_a_real_picture_is_taken_absolute(image: str, absolute: str) -> None:
    assert read(page(meta(og__image=image))).image_url == absolute


@pytest.mark.parametrize(
    ("claimed", "believed"),
    [
        ("https://www.paper.example/world/flood", "https://www.paper.example/world/flood"),
        ("https://paper.example/world/flood", "https://paper.example/world/flood"),
        ("https://m.paper.example/world/flood", "https://m.paper.example/world/flood"),
        ("flood?utm_source=x", "https://www.paper.example/world/flood"),
        ("https://evil.example/world/flood", URL),
        ("https://www.paper.example/", URL),
        ("https://www.paper.example", URL),
        ("javascript:alert(1)", URL),
        ("https://user@www.paper.example/x", URL),
        ("https://[", URL),
        ("", URL),
    ],
)
def test_a_page_may_name_its_address_on_its_own_site_only(claimed: str, believed: str) -> None:
    assert read(page(f'<link rel="canonical" href="{claimed}">')).url == believed


def test_the_description_in_json_is_read_where_the_metas_say_nothing() -> None:
    found = read(page(script({"@graph": [{"@type": "WebSite", "name": "The Paper"}, ARTICLE]})))
    assert found.title == "Bridge closed as river rises"
    assert found.sections == ("World", "Weather")
    assert found.author == "Aye Aye"
    assert found.published == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    assert found.modified == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert (found.image_url, found.image_width) == ("https://www.paper.example/img/bridge.jpg", 1200)


BROKEN = [
    json.dumps(ARTICLE)[:-1] + ",}",
    "<!-- " + json.dumps(ARTICLE) + " -->",
    "//<![CDATA[\n" + json.dumps(ARTICLE) + "\n//]]>",
    json.dumps(ARTICLE) + ";",
    json.dumps(ARTICLE).replace('rises"', 'rises",\n"description": "two\nlines"'),
    json.dumps(ARTICLE).replace('"', "&quot;"),
    json.dumps(ARTICLE)[:-40],
    json.dumps(ARTICLE).replace('"headline"', '"comment": "said "no"", "headline"'),
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_description_is_read_as_far_as_it_goes(text: str) -> None:
    found = find_article([text])
    assert found.headline == "Bridge closed as river rises"
    assert found.published == "2026-11-23T08:00:00+06:30"


def test_a_description_of_something_else_is_not_the_article() -> None:
    assert find_article([json.dumps({"@type": "Organization", "name": "The Paper"})]) == JsonLdArticle()
    assert find_article(["no json", "", "[]", "null", "[" * 100_000, "1" * 5000]) == JsonLdArticle()


@given(
    some.recursive(
        some.none() | some.text(max_size=9) | some.integers(),
        lambda inner: (
            some.lists(inner, max_size=3)
            | some.dictionaries(some.sampled_from(sorted(ARTICLE)), inner, max_size=4)
        ),
    )
)
def test_any_description_is_read_without_an_exception(document: object) -> None:
    find_article(
        [json.dumps(document), json.dumps({"@type": "Article", "headline": document, "image": document})]
    )


@given(some.binary(max_size=400), some.sampled_from(["", "utf-8", "shift_jis", "nonsense", "utf-7"]))
def test_any_bytes_are_a_page_or_none(body: bytes, charset: str) -> None:
    assert isinstance(parse_page(body, charset, URL), ReadPage | NoPage)
    assert isinstance(parse_page(page() + body, charset, URL), ReadPage | NoPage)


def test_a_page_of_nothing_is_no_page() -> None:
    assert parse_page(b"", "", URL) == NoPage("The response is not a web page.")
    assert isinstance(parse_page(b"<html><body></body></html>", "", URL), NoPage)


def test_an_xhtml_page_with_its_declaration_is_read() -> None:
    body = b'<?xml version="1.0" encoding="iso-8859-1"?>' + page(meta(og__title="Caf&#233; closed"))
    assert read(body).title == "Café closed"


def test_a_burmese_page_is_read_in_unicode() -> None:
    text = "<p>" + "မိုးများ သည်းထန်စွာ ရွာသွန်းခဲ့သည်။ " * 20 + "</p>"
    body = page(meta(og__title="မြစ်ရေ တက်နေသည်"), lang="my").replace(TEXT.encode(), text.encode())
    found = read(body)
    assert found.title == "မြစ်ရေ တက်နေသည်"
    assert found.language == "my"
    assert "မိုးများ သည်းထန်စွာ" in found.text
