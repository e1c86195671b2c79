"""Documents are decoded correctly, whatever they declare and despite a few bad bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.ingest.parse.encoding import decode_body

BURMESE = "မြန်မာ့ သတင်းများ နှင့် ကမ္ဘာ့ သတင်းများ " * 20
RUSSIAN = "Новости России и мира: главное за день"


def claiming(encoding: str, text: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?><a>{text}</a>'


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_unicode_is_known_by_its_mark_or_its_zeros(encoding: str) -> None:
    source = claiming(encoding, BURMESE)
    assert decode_body(source.encode(encoding)) == source


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "iso-8859-5"])
def test_what_the_document_names_is_believed_where_it_fits(encoding: str) -> None:
    source = claiming(encoding, RUSSIAN)
    assert decode_body(source.encode(encoding)) == source


def test_what_the_header_names_is_believed_where_the_document_names_nothing() -> None:
    assert decode_body(RUSSIAN.encode("cp1251"), "windows-1251") == RUSSIAN
    assert decode_body("日本のニュース".encode("shift_jis"), "Shift_JIS") == "日本のニュース"


def test_valid_utf8_is_believed_before_any_name() -> None:
    source = claiming("iso-8859-1", BURMESE)
    assert decode_body(source.encode(), "windows-1251") == source


@pytest.mark.parametrize("name", ["x-klingon", "utf-7", "utf-16", "base64", "idna", "", "\0"])
def test_a_name_that_cannot_be_is_ignored(name: str) -> None:
    assert decode_body(BURMESE.encode(), name) == BURMESE


def test_a_few_bad_bytes_leave_burmese_burmese() -> None:
    source = bytearray(BURMESE.encode())
    source[len(source) // 2] = 0xFF
    text = decode_body(bytes(source) + "မ".encode()[:2])
    assert "á€" not in text
    assert len(set(text) - set(BURMESE)) <= 1
    assert len(text) > len(BURMESE) - 5


def test_a_windows_editors_quotes_in_what_claims_utf8_are_quotes() -> None:
    source = claiming("UTF-8", "§quoted§ caf¤ and a sentence of plain words around them").encode()
    source = source.replace("§".encode(), b"\x93").replace("¤".encode(), b"\xe9")
    assert "\u201cquoted\u201c café" in decode_body(source)


def test_where_nobody_names_an_encoding_it_is_guessed() -> None:
    assert decode_body((RUSSIAN * 3).encode("cp1251")) == RUSSIAN * 3


@given(st.binary(max_size=300), st.text(max_size=12))
def test_no_bytes_raise(source: bytes, name: str) -> None:
    assert isinstance(decode_body(source, name), str)
