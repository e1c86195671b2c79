"""The expected results of hostile and odd feeds; EXPECTED.tsv describes each file.

A file is either not a feed, for a reason, or gives these headlines, or this many items.
"""

import lzma
from pathlib import Path

FOLDER = Path(__file__).parent / "attack"
#: These two contain real headlines that we may not publish; they are read from the material.
MATERIAL = Path(__file__).parents[2] / "material" / "feeds" / "attack"

EMPTY, PAGE, ROBOTS, NO_FEED = "is empty", "a web page", "challenge page", "not a feed"
NO_JSON = "not a JSON Feed"

NO_FEEDS = {
    "cloudflare_challenge.xml": ROBOTS,
    "empty.xml": EMPTY,
    "whitespace_only.xml": EMPTY,
    "html_error_page_200.xml": PAGE,
    "json_error.json": NO_JSON,
    "just_xml_decl.xml": NO_FEED,
    "gzip_bomb_100mb.xml.gz": NO_FEED,  # too large for the fetcher: see test_decompress.py
}

HEADLINES: dict[str, list[str]] = {
    "amp_storm.xml": ["T"],
    "atom_multi_links.xml": ["A & B", "<b> literally"],
    "bbc_guid_fragment_bump.xml": ["Same story", "Same story updated"],
    "big5.xml": ["中文新聞"],
    "billion_laughs.xml": ["x"],
    "control_chars_charrefs.xml": ["nul bell c1… surrogate high win–"],
    "control_chars_raw.xml": ["bell nul vt esc[31m del c1…"],
    "cp1252_smartquotes_declared_utf8.xml": ["“quoted” — dash"],
    "css_style_storm.xml": ["T"],
    "deep_nesting_20k.xml": ["T"],
    "entity_in_internal_subset_used.xml": ["© hello"],
    "gb2312.xml": ["中文新闻"],
    "guid_case_ws.xml": ["T", "T", "T"],
    "guid_permalink_no_link.xml": ["A", "B", "C"],
    "invalid_utf8.xml": ["café"],
    "js_and_odd_links.xml": ["T"] * 12,
    "many_attrs.xml": ["T"],
    "media_before_title.xml": ["Real headline"],
    "media_group_sizes.xml": ["T"],
    "media_title_overrides.xml": ["Real headline"],
    "namespaced_prefix_rss.xml": ["T"],
    "no_title.xml": ["Only a body"],
    "quadratic_blowup.xml": ["x"],
    "raises_charref_overflow.xml": ["AB"],
    "raises_charref_too_big.xml": ["AB"],
    "raises_doctype_backslash.xml": ["T"],
    "raises_surrogate_charref.xml": ["ok before", "AB", "ok after"],
    "redos_author_562.xml": ["T"],
    "redos_author_562_b.xml": ["T"],
    "redos_many_items_author.xml": ["T"] * 20,
    "same_guid_every_item.xml": [f"T{number}" for number in range(10)],
    "shift_jis.xml": ["日本のニュース"],
    "ssrf_images.xml": ["T"] * 10,
    "svg_mathml.xml": ["T"],
    "tis620_thai.xml": ["ข่าวไทย"],
    "tracking_pixels.xml": ["T"],
    "truncated.xml": [f"T{number}" for number in range(12)],
    "ttl_huge.xml": ["T"],
    "ttl_weird.xml": ["T"],
    "two_root_elements.xml": ["T"],
    "unclosed_attr_html.xml": ["T"],
    "unclosed_comment_html.xml": ["T"],
    "unclosed_tags_html_500k.xml": ["T"],
    "undeclared_ns.xml": ["T"],
    "unknown_encoding.xml": ["x"],
    "utf16_no_bom.xml": ["မြန်မာ"],
    "utf32.xml": ["မြန်မာ"],
    "utf7_decl.xml": ["+ADw-script+AD4-"],
    "win1251_no_decl.xml": ["Новости России"],
    "xml_base_relative.xml": ["A"],
    "xss_set.xml": [
        "Headline",
        "Headline",
        "click",
        "Bold & plain",
        "5 < 6 & 7 > 2",
        "closing tags",
        "Q&A: AT&amp;T",
        "x",
        "Use <script> tag carefully",
    ],
    "xxe_doctype_file.xml": ["T"],
    "xxe_file.xml": ["x"],
    "xxe_http.xml": ["x"],
    "xxe_param_dtd.xml": ["T"],
}

#: The number of items, if there are too many or too odd ones to list.
COUNTS = {
    "bidi_control_chars.xml": 12,
    "big_title_5mb.xml": 1,
    "dates.xml": 38,
    "deep_xml_nesting_100k.xml": 0,
    "many_items_50k.xml": 1000,
    "one_bad_byte_burmese.xml": 9,
}

#: How many articles two updates with the file make, if not one for each item.
ARTICLES = {
    "bbc_guid_fragment_bump.xml": 1,  # one story, its guid bumped
    "redos_many_items_author.xml": 1,  # one link and one title on all of them
    "ssrf_images.xml": 1,
    "guid_case_ws.xml": 2,  # two items have one guid and one title
    "truncated.xml": 0,  # a first update must be complete, or the other items would become backlog
}

NAMES = sorted({*NO_FEEDS, *HEADLINES, *COUNTS})


def body(name: str) -> bytes | None:
    """The file's bytes; None if it is not there."""
    for path in (FOLDER / name, MATERIAL / name):
        if path.exists():
            return path.read_bytes()
    packed = FOLDER / f"{name}.xz"
    return lzma.decompress(packed.read_bytes()) if packed.exists() else None
