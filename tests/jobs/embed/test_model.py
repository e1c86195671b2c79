"""What the model reads of an article, what becomes of its vectors, and the real one where it is installed."""

import os
from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.embed.model import MAX_CHARACTERS, is_installed, model_input, quantize_vector, supports_language
from jobs.embed.pipeline import Embedder
from jobs.ingest.worker_pool import WorkerPool
from storage import articles
from storage.articles import ArticleDraft
from storage.database import Database
from storage.index import Index
from storage.index.vectors.dense import DenseIndex
from tests.conftest import MovedClock


def test_the_model_reads_the_title_and_the_beginning() -> None:
    assert model_input("Title", "Standfirst.", "Body.") == "Title\nStandfirst.\nBody."
    assert model_input("Title", "Standfirst.", "Standfirst. Body.") == "Title\nStandfirst. Body."
    assert model_input("", "", "") == ""
    assert len(model_input("Title", "", "x" * 5000)) == MAX_CHARACTERS


@pytest.mark.parametrize(
    ("text", "language", "known"),
    [
        ("A flood in the valley", "en", True),
        ("မြစ်ရေလျှံ၍ ရေကြီးသည်။", "my", True),
        ("A flood in the valley", "", True),
        ("ၸၼ်ႉထႅဝ် ႁူင်းႁဵၼ်း ၶွင်ၸိုင်ႈ", "my", False),
        ("གནས་ཚུལ་གསར་པ།", "bo", False),
        ("", "my", True),
    ],
)
def test_a_language_that_the_model_never_saw_is_left_to_words(text: str, language: str, known: bool) -> None:
    assert supports_language(text, language) is known


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=40))
@example(numbers=[0.0, 0.0, 2.225073858507203e-309])
def test_a_packed_vector_points_where_the_vector_did(numbers: list[float]) -> None:
    vector = np.array(numbers)
    again = np.frombuffer(quantize_vector(vector), np.int8)
    if not np.abs(vector).max() > 0:
        assert quantize_vector(vector) == b""
        return
    scaled = vector / np.abs(vector).max() * 127
    assert np.abs(again - scaled).max() <= 0.5001


def test_what_is_not_a_number_makes_no_vector() -> None:
    assert quantize_vector(np.array([0.5, float("nan")])) == b""


needs_the_wheel = pytest.mark.skipif(
    not is_installed(), reason="newswire[semantic] is not installed: make install SEMANTIC=1"
)
ENGLISH = (
    "A flood in the river valley drove hundreds of families from their homes.",
    "Parliament approved a larger budget for schools.",
    "The chess champion kept her title after a draw.",
    "An earthquake shook the coast before dawn; houses fell.",
)
BURMESE = (
    "မြစ်ရေလျှံ၍ ရေကြီးသဖြင့် မိသားစုရာပေါင်းများစွာ အိမ်များကို စွန့်ခွာခဲ့ရသည်။",
    "လွှတ်တော်က ကျောင်းများအတွက် ဘတ်ဂျက်တိုးမြှင့်ရန် အတည်ပြုခဲ့သည်။",
    "စစ်တုရင်ချန်ပီယံ၏ ဗိုလ်ပွဲသည် သရေကျပြီး သူမ ချန်ပီယံဘွဲ့ကို ဆက်လက်ထိန်းသိမ်းထားသည်။",
    "အရုဏ်မတက်မီ ကမ်းရိုးတန်းတွင် ငလျင်လှုပ်ခတ်ပြီး အိမ်များ ပြိုကျခဲ့သည်။",
)


@pytest.fixture
async def children(clock: MovedClock) -> AsyncIterator[WorkerPool]:
    some = WorkerPool(clock, most=1)
    yield some
    await some.close()


@needs_the_wheel
@pytest.mark.slow
async def test_a_story_is_found_in_the_other_language(
    archive: Database, children: WorkerPool, clock: MovedClock
) -> None:
    def draft(number: int, text: str, language: str) -> ArticleDraft:
        link = f"https://news.example/{language}/{number}"
        return ArticleDraft(url=link, title=text, summary="", language=language, published_at=clock.now())

    index = Index(dense=DenseIndex("real"))
    english = archive.run_sync(
        articles.add, [draft(number, text, "en") for number, text in enumerate(ENGLISH)], clock.now()
    )
    burmese = archive.run_sync(
        articles.add, [draft(number, text, "my") for number, text in enumerate(BURMESE)], clock.now()
    )
    assert await Embedder(archive, children, clock, lambda: None, model="real").embed_unread() == 8
    archive.read_sync(index.catch_up)
    for ours, theirs in zip(english, burmese, strict=True):
        assert next(iter(index.find_related(ours, 1))).article_id == theirs
        assert next(iter(index.find_related(theirs, 1))).article_id == ours


@needs_the_wheel
@pytest.mark.slow
async def test_a_model_reads_whatever_it_is_given_within_a_childs_memory(children: WorkerPool) -> None:
    odd = ["", "\x00", "\ud800 broken", "🏳️‍🌈" * 500, "a" * 100_000, "ည" * 5000]
    found = await children.call("jobs.embed.model:embed_texts", odd)
    assert isinstance(found, list), found
    assert {len(vector) for vector in found} <= {0, 384}
    [number] = children.worker_pids()
    os.kill(number, 0)  # and the child lives
