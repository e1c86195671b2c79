"""The language of words that do not say theirs."""

import pytest

from storage.database import Database
from storage.index import Index
from storage.index.analyzer import detect_language
from tests.storage.index.archive import draft, keep


@pytest.mark.parametrize(
    ("text", "given", "language"),
    [
        ("The ferry sails from the island at noon", "", "en"),
        ("Le gouvernement a dit que la crise est grave", "", "fr"),
        ("Hükümet bu yıl daha çok ev için yeni bir yasa", "", "tr"),
        ("Chính phủ đã nói rằng không có lý do để hoãn", "", "vi"),
        ("The ferry sails from the island at noon", "pt-BR", "pt"),
        ("ရန်ကုန်မြို့၌ မိုးကြီးသည်", "", ""),
        ("Ferry", "", ""),
        ("", "", ""),
    ],
)
def test_little_words_show_the_language(text: str, given: str, language: str) -> None:
    assert detect_language(text, given) == language


def test_words_too_few_to_show_their_language_are_read_as_most_articles_are(db: Database) -> None:
    [ferries, _, _] = keep(
        db,
        draft("Ferries collide in fog", "Two ferries collided off the island in thick fog."),
        draft("Schools open late", "Teachers say that the schools open a week late."),
        draft("သင်္ဘောများ တိုက်မိ", "မြူကြောင့် သင်္ဘောနှစ်စင်း တိုက်မိသည်။", language="my"),
    )
    index = Index.open(None)
    db.read_sync(index.catch_up)
    assert [hit.article_id for hit in index.find_related_to_text("ferry collision", 3)] == [ferries]
