"""How good it is, as a floor: on invented sentences in many scripts, and on open data where there is some."""

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.related import material, measures
from benchmarks.related.measuring import events, stream, topics, twins_apart
from benchmarks.related.systems import Newswire, arrival
from storage.index import Index

#: Three sentences each: two on one invented event, one on something else.
SCRIPTS = {
    "en": (
        "Flood closes the old bridge in Larn",
        "Larn's bridge shut after flood",
        "Pianist wins prize for new songs",
    ),
    "my": (
        "လန်းမြို့တွင် ရေကြီး၍ တံတားပိတ်",
        "ရေကြီးမှုကြောင့် လန်းမြို့ တံတားကို ပိတ်ထား",
        "စန္ဒရားဆရာမ ဆုရ",
    ),
    "th": (
        "น้ำท่วมสะพานเก่าเมืองลาน",
        "สะพานเมืองลานปิดหลังน้ำท่วม",
        "นักเปียโนได้รับรางวัล",
    ),
    "lo": (
        "ນ້ຳຖ້ວມຂົວເກົ່າເມືອງລານ",
        "ປິດຂົວເມືອງລານຫຼັງນ້ຳຖ້ວມ",
        "ນັກດົນຕີໄດ້ຮັບລາງວັນ",
    ),
    "km": (
        "ទឹកជំនន់លិចស្ពានចាស់ក្រុងឡាន",
        "បិទស្ពានក្រុងឡានក្រោយទឹកជំនន់",
        "អ្នកលេងព្យាណូឈ្នះរង្វាន់",
    ),
    "zh": (
        "洪水淹没兰城旧桥",
        "兰城大桥因洪水关闭",
        "钢琴家获得新曲奖",
    ),
    "ja": (
        "洪水で蘭町の古い橋が閉鎖",
        "蘭町の橋、洪水のため通行止め",
        "ピアニストが新曲で受賞",
    ),
    "ko": (
        "홍수로 란시의 옛 다리 폐쇄",
        "란시 다리, 홍수 뒤 통행 금지",
        "피아니스트 신곡으로 수상",
    ),
    "ru": (
        "Наводнение закрыло старый мост в Ларне",
        "Мост в Ларне закрыт из-за наводнения",
        "Пианистка получила премию",
    ),
    "ar": (
        "الفيضان يغلق الجسر القديم في لارن",
        "إغلاق جسر لارن بعد الفيضان",
        "عازفة بيانو تفوز بجائزة",
    ),
    "hi": (
        "बाढ़ से लार्न का पुराना पुल बंद",
        "लार्न पुल बाढ़ के बाद बंद किया गया",
        "पियानो वादक को पुरस्कार",
    ),
    "ta": (
        "வெள்ளத்தால் லார்ன் பழைய பாலம் மூடல்",
        "லார்ன் பாலம் வெள்ளத்திற்குப் பின் மூடப்பட்டது",
        "இசைக் கலைஞருக்கு விருது",
    ),
    "vi": (
        "Lũ lụt đóng cây cầu cũ ở Lan",
        "Cầu Lan đóng sau lũ lụt",
        "Nghệ sĩ piano nhận giải",
    ),
    "fi": (
        "Tulva sulki Laarnan vanhan sillan",
        "Laarnan silta suljettiin tulvan takia",
        "Pianisti sai palkinnon",
    ),
}


@pytest.fixture(scope="module")
def every_script() -> Index:
    """All of them in one archive, as a newsroom of many languages has it."""
    index = Index.open(None)
    texts = (
        material.Text(f"{language} {at}", text, "", language=language)
        for language, sentences in SCRIPTS.items()
        for at, text in enumerate(sentences)
    )
    index.add(arrival(position, text) for position, text in enumerate(texts))
    return index


@pytest.mark.parametrize("language", SCRIPTS)
def test_in_every_script_one_event_is_recognised(every_script: Index, language: str) -> None:
    first = 3 * list(SCRIPTS).index(language) + 1
    told = every_script.find_related(first, 5, floor=every_script.archive.weights.shown_floor)
    assert told[0].article_id == first + 1
    why = every_script.explain_likeness(first, first + 1)
    assert why is not None
    assert why.shared
    assert first + 2 not in [hit.article_id for hit in told]


@pytest.mark.parametrize("language", SCRIPTS)
def test_in_every_script_a_headline_finds_its_article(every_script: Index, language: str) -> None:
    for at, text in enumerate(SCRIPTS[language]):
        hits = every_script.search(text, 1).hits
        assert [hit.article_id for hit in hits] == [3 * list(SCRIPTS).index(language) + 1 + at]


def unpacked(name: str) -> None:
    try:
        material.folder(name)
    except FileNotFoundError as missing:
        pytest.skip(str(missing))


def test_ecb_dev_stays_above_its_floor() -> None:
    unpacked("ecb")
    texts, system = material.ecb("Dev"), Newswire()
    system.fill(texts)
    figures = events(system, texts, range(len(texts)), iter)
    assert figures.mean("nDCG@5") > 0.955
    assert figures.mean("MAP") > 0.905


@pytest.mark.parametrize(
    ("language", "right", "near"), [("mya_Mymr", 0.52, 0.305), ("eng_Latn", 0.51, 0.422)]
)
def test_sib_stays_above_its_floor(language: str, right: float, near: float) -> None:
    unpacked("sib")
    texts, system = material.sib(language), Newswire()
    system.fill(texts)
    figures = topics(system, texts, range(len(texts)), iter)
    assert figures.mean("P@5") > right
    assert figures.mean("MRR") > near


def test_a_stream_of_ecb_train_stays_above_its_floor() -> None:
    unpacked("ecb")
    found, wanted = stream(material.ecb("Train"), seed=5)
    assert measures.b_cubed(found, wanted)[2] > 0.86
    assert measures.v_measure(found, wanted) > 0.94
    assert twins_apart(found, wanted) > 0.7


RANKINGS: list[tuple[Callable[..., float], float]] = [
    (measures.ndcg, (1 + 0.5) / (1 + 0.6309297535714575)),
    (measures.average_precision, (1 + 2 / 3) / 2),
    (measures.reciprocal_rank, 1.0),
]


@pytest.mark.parametrize(("measure", "value"), RANKINGS)
def test_the_measures_are_what_the_books_say(measure: Callable[..., float], value: float) -> None:
    assert measure(["a", "x", "b"], {"a", "b"}) == pytest.approx(value)


def test_perfect_clusters_score_one_and_one_heap_does_not() -> None:
    assert measures.b_cubed([1, 1, 2], ["a", "a", "b"]) == (1, 1, 1)
    assert measures.v_measure([1, 1, 2], ["a", "a", "b"]) == pytest.approx(1)
    assert measures.b_cubed([1, 1, 1], ["a", "a", "b"])[0] == pytest.approx(5 / 9)
    assert measures.v_measure([1, 1, 1], ["a", "a", "b"]) == 0


def test_the_interval_of_a_clear_gain_is_above_nothing() -> None:
    ours = np.linspace(0.5, 1, 100)
    gain, low, high = measures.interval(list(ours), list(ours - 0.1))
    assert low == pytest.approx(gain) == pytest.approx(high) == pytest.approx(0.1)
