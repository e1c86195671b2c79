"""Zawgyi is told from Unicode and converted whole: every syllable in the order in which it is spoken."""

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from storage.text.zawgyi import is_zawgyi, to_unicode
from tests.storage.text.zawgyi_writer import to_zawgyi

WORDS = [
    ("ျပည္သူေတြရဲ့ ဒုကၡကို သံုးႏွစ္အတြင္း", "ပြည်သူတွေရဲ့ ဒုက္ခကို သုံးနှစ်အတွင်း"),
    ("လွ်ပ္စစ္ဝန္ႀကီး", "လျှပ်စစ်ဝန်ကြီး"),
    ("ကမာၻ႕သတင္း", "ကမ္ဘာ့သတင်း"),
    ("က်န္းမာေရး", "ကျန်းမာရေး"),
    ("ေဒသႏၱရ", "ဒေသန္တရ"),
    ("အဂၤလန္", "အင်္ဂလန်"),
    ("မဇၩိမ", "မဇ္ဈိမ"),
    ("ေယာက္်ား", "ယောက်ျား"),
    ("ကၽြန္ုပ္", "ကျွန်ုပ်"),
    ("ေစ်း", "ဈေး"),
    ("ဥာဏ္", "ဉာဏ်"),
    ("၀င္း", "ဝင်း"),
    ("၂၀၁၈ ခုႏွစ္", "၂၀၁၈ ခုနှစ်"),
]
STORY = (
    "မြန်မာနိုင်ငံ၏ ဆိပ်ကမ်းမြို့တွင် မုန်တိုင်းအပြီး ပထမဆုံး သင်္ဘောများ အရုဏ်ဦးတွင် ထွက်ခွာခဲ့သည်။ "
    "ဒေသခံများက ကျောင်းများ ပြန်ဖွင့်ရန် တောင်းဆိုကြသည်။ ဝန်ကြီးဌာနက စိုက်ပျိုးရေးအတွက် ကူညီမည်ဟု ပြောကြားခဲ့သည်။"
)


@pytest.mark.parametrize(("zawgyi", "expected"), WORDS)
def test_words_are_converted(zawgyi: str, expected: str) -> None:
    assert to_unicode(zawgyi) == unicodedata.normalize("NFC", expected)


def test_a_story_comes_back_from_zawgyi_as_it_was() -> None:
    zawgyi = to_zawgyi(STORY)
    assert is_zawgyi(zawgyi)
    assert not is_zawgyi(STORY)
    assert to_unicode(zawgyi) == unicodedata.normalize("NFC", STORY)


def test_other_languages_and_digits_stay_as_they_are() -> None:
    mixed = "Reuters 2026: €5 < ၁၀ ရာခိုင်"
    assert to_unicode(to_zawgyi(mixed)) == unicodedata.normalize("NFC", mixed)
    assert not is_zawgyi("No Burmese here")


@given(st.text(alphabet=[chr(code) for code in range(0x1000, 0x10A0)] + [" ", "a"], max_size=60))
def test_nothing_that_is_typed_breaks_the_conversion_or_leaves_zawgyis_own_code_points(text: str) -> None:
    converted = to_unicode(text)
    assert "\ue000" not in converted
    assert not regex.search("[\u1033\u1034\u1060-\u1064\u1068\u1069\u1073-\u107c\u107e-\u1084]", converted)
