"""A repaired document cannot stop the parser, and truncation is reported."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.parse.repair import MAX_ITEMS, repair_document

RSS = '<?xml version="1.1" encoding="koi8-r"?><rss version="2.0"><channel><title>{}</title>{}</channel></rss>'
ITEM = "<item><title>{}</title></item>"


def title_of(written: str) -> str:
    """A headline after it was repaired within a document."""
    text = repair_document(RSS.format("News", ITEM.format(written))).text
    return text.split("<item><title>")[1].split("</title>")[0]


def test_references_to_no_character_vanish_and_sound_ones_stay() -> None:
    assert title_of("A&#xD800;B&#x110000;C&#99999999999999;D&#0;E") == "ABCDE"
    assert title_of("&#4100; &#x1004; &#150;") == "&#4100; &#4100; &#8211;"
    assert title_of("<![CDATA[x &#xDFFF; &nbsp;]]>") == "<![CDATA[x  &nbsp;]]>"


def test_bare_ampersands_and_html_entities_are_made_xml() -> None:
    assert title_of("R&D &amp; AT&T; &nbsp;&hellip;") == "R&amp;D &amp; AT&amp;T; &#160;&#8230;"


def test_control_characters_vanish_and_windows_punctuation_is_read() -> None:
    assert title_of("a\0b\x07c\x1b \x93x\x94") == "abc “x”"


def test_own_entities_are_only_believed_where_they_are_short_and_plain() -> None:
    head = '<!DOCTYPE rss [<!ENTITY c "&#169;"><!ENTITY b "&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
    text = repair_document(head + RSS.format("&c; &b; &x;", "").partition("?>")[2]).text
    assert "<title>&#169;  </title>" in text
    assert "DOCTYPE" not in text
    assert "passwd" not in text


def test_what_stands_before_and_behind_the_document_is_left_out() -> None:
    found = repair_document(
        "\n<br />\n<b>Warning</b>: in x.php\n" + RSS.format("News", ITEM.format("T")) + "<script>x</script>"
    )
    assert found.root == "rss"
    assert found.text.endswith("</rss>")
    assert "Warning" not in found.text


def test_of_a_torn_document_the_whole_items_stay() -> None:
    whole = RSS.format("News", ITEM.format("One") + ITEM.format("Two") + ITEM.format("<![CDATA[Three]]>"))
    for end in range(whole.index("One"), len(whole) - len("</item></channel></rss>")):
        found = repair_document(whole[:end])
        assert found.cut or whole[:end].endswith("</item>")
        assert found.text.count("<item>") == found.text.count("</item>") == whole[:end].count("</item>")
        assert found.text.endswith("</rss>")
    assert repair_document(whole).cut == ""
    assert repair_document(whole.removesuffix("</channel></rss>")).cut == ""


def test_items_beyond_the_most_are_left_out() -> None:
    found = repair_document(RSS.format("News", ITEM.format("T") * (MAX_ITEMS + 5)))
    assert found.text.count("<item>") == MAX_ITEMS
    assert found.cut == ""


def test_a_page_is_told_from_a_feed() -> None:
    assert repair_document("<!DOCTYPE html><html><body>x</body></html>").is_page
    assert repair_document("<html><head></head></html>").is_page
    assert repair_document("plain words").root == ""


def test_forgotten_prefixes_are_declared() -> None:
    assert (
        'xmlns:media="http://search.yahoo.com/mrss/"'
        in repair_document('<rss><item><media:content url="x"/></item></rss>').text
    )


@given(st.text(alphabet="<>&;/!-[]?\"'= abrsitemCDATx\0\n", max_size=120))
def test_no_document_raises_and_none_grows_without_bound(source: str) -> None:
    found = repair_document(f"<rss>{source}")
    assert len(found.text) < 40 * len(source) + 400
