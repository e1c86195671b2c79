"""newswire why --related explains why two articles are related, or why not."""

import json
from pathlib import Path

import pytest

from storage import articles, identities
from storage.database import open_database
from storage.index import Index
from storage.migrations import migrate
from tests.bot.cli.conftest import Newswire
from tests.storage.index.archive import NOON, OTHERS, QUAKE, RIVER, draft

BURMESE = (
    draft("စစ်တောင်းမြစ်ရေကြီးမှုကြောင့် လမ်းမတော်မြို့ ရေလွှမ်း", "မြို့ခံများ ဘေးလွတ်ရာ ပြောင်းရွှေ့ရ", language="my"),
    draft("လမ်းမတော်မြို့က မိသားစုများ စစ်တောင်းမြစ်ရေကြောင့် ပြောင်းရွှေ့", "ရေကြီးမှု ဆက်ဖြစ်နေ", language="my"),
)
#: A short report, and a long page that contains all of it.
PAGE = (
    draft("Ferry sinks off Kyaikkami", "Twelve are missing after the Aung Zeya went down in a storm."),
    draft(
        "Live: the storm on the coast",
        "Twelve are missing after the ferry Aung Zeya went down off Kyaikkami. Trees fell in Thanbyuzayat. "
        "Power is out in nine townships. Schools stay closed on Tuesday. Fishing boats were called back by "
        "radio. Rice barges lie in the harbour. The weather office expects gusts of 110 kilometres an hour "
        "until midnight. Roads to the south are under water. Hospitals have asked for blood.",
    ),
)
ALL = (*RIVER, *QUAKE, *OTHERS, *BURMESE, *PAGE)


@pytest.fixture
def links(tmp_path: Path) -> list[str]:
    """Store `ALL` in the default database, and return their links."""
    database = open_database(f"sqlite:///{tmp_path}/data/newswire.db")
    database.run_sync(migrate)
    ids = database.run_sync(articles.add, ALL, NOON)
    keys = {identities.link_key(one.url): number for one, number in zip(ALL, ids, strict=True)}
    database.run_sync(identities.add_keys, keys, NOON)
    database.close()
    return [one.url for one in ALL]


async def test_shared_words_and_names_are_listed_with_their_weights(
    newswire: Newswire, links: list[str]
) -> None:
    said = await newswire("why", "--related", links[0], links[1], "--json")
    assert (said.status, said.err) == (0, "")
    told = json.loads(said.out)
    assert [row["link"] for row in told["articles"]] == links[:2]
    [related] = told["related"]
    assert related["what"] == "related"
    assert sum(row["weight"] for row in told["shared"]) == pytest.approx(related["likeness"], abs=0.01)
    kinds = {row["word"]: row["kind"] for row in told["shared"]}
    assert kinds["sittaung"] == kinds["lanmadaw"] == "name"
    assert kinds["river"] == "word"


async def test_without_json_it_prints_tables(newswire: Newswire, links: list[str]) -> None:
    said = await newswire("why", "--related", links[3], links[4])
    assert said.status == 0
    assert "They are related." in said.out
    assert "minhla" in said.out


async def test_a_sentence_says_that_nothing_is_shared(newswire: Newswire, links: list[str]) -> None:
    said = await newswire("why", "--related", links[6], links[7])
    assert said.status == 0
    assert "They share no word and no name." in said.out


async def test_burmese_words_are_shown_in_readable_pieces(newswire: Newswire, links: list[str]) -> None:
    said = await newswire("why", "--related", links[10], links[11], "--json")
    told = json.loads(said.out)
    assert told["related"][0]["what"] == "related"
    assert any("စစ်တောင်း" in row["word"] for row in told["shared"])


async def test_a_page_and_its_summary_are_recognized(newswire: Newswire, links: list[str]) -> None:
    for pair, what in ((links[12:14], "summary"), (links[13:11:-1], "whole")):
        [related] = json.loads((await newswire("why", "--related", *pair, "--json")).out)["related"]
        assert related["what"] == what


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (
            ("why", "--related", "{0}", "https://elsewhere.example/x"),
            1,
            "https://elsewhere.example/x was in no feed",
        ),
        (
            ("why", "--related", "javascript:1", "{0}"),
            1,
            "javascript:1 was in no feed that Newswire has fetched.",
        ),
        (("why", "--related", "{0}", "{0}"), 1, "Both links belong to the same article."),
        (("why", "--related", "{0}"), 2, "requires 2 arguments"),
        (("why",), 2, "Expected one URL, or --related and two URLs."),
        (("why", "{0}", "--related", "{0}", "{1}"), 2, "Expected one URL, or --related and two URLs."),
    ],
)
async def test_wrong_use_is_reported_in_one_sentence(
    newswire: Newswire, links: list[str], words: tuple[str, ...], status: int, sentence: str
) -> None:
    said = await newswire(*(word.format(*links) for word in words))
    assert (said.status, said.out) == (status, "")
    assert sentence in said.err
    assert "Traceback" not in said.err


async def test_the_saved_index_is_used_and_left_unchanged(
    newswire: Newswire, links: list[str], tmp_path: Path
) -> None:
    database = open_database(f"sqlite:///{tmp_path}/data/newswire.db")
    index = Index.open(tmp_path / "data" / "newswire.index")
    database.read_sync(index.catch_up)
    database.close()
    index.save()
    before = (tmp_path / "data" / "newswire.index").read_bytes()
    said = await newswire("why", "--related", links[0], links[2])
    assert said.status == 0
    assert "sittaung" in said.out
    assert (tmp_path / "data" / "newswire.index").read_bytes() == before


async def test_why_shows_the_story(newswire: Newswire, links: list[str]) -> None:
    said = await newswire("why", links[0], "--json")
    assert json.loads(said.out)["story"] == []
