"""Removal of the invisible characters that keyboards, copying and pranks leave in what readers type.

Invisible are Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), controls, and two characters
drawn as a blank. Some shape their neighbors and stay there: joiners between letters of scripts that need them
(Persian, Sinhala) or between emoji, variation selectors after a symbol, the tags of a flag.
"""

import regex

_JOINERS = r"\u200c\u200d\u115f\u1160"
_SELECTORS = r"\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_TAGS = r"\U000e0020-\U000e007f"
_NEVER = (
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    r"\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
#: Characters that joiners and selectors may shape.
_SHAPED = rf"[\p{{L}}\p{{M}}\p{{S}}--\p{{Latin}}\p{{Greek}}\p{{Cyrillic}}\x00-\x7f{_SELECTORS}{_JOINERS}]"

_INVISIBLE = regex.compile(f"[{_NEVER}{_JOINERS}{_SELECTORS}{_TAGS}]")
_BLANK = regex.compile("[\u2800\u3164]")
_STRAY = (
    regex.compile(f"[{_NEVER}]"),
    regex.compile(f"(?<!\U0001f3f4[{_TAGS}]*)[{_TAGS}]", regex.V1),
    regex.compile(f"(?<!{_SHAPED})[{_SELECTORS}]", regex.V1),
    regex.compile(f"(?<!{_SHAPED}[{_SELECTORS}]?)[{_JOINERS}]++|[{_JOINERS}]++(?!{_SHAPED})", regex.V1),
)


def remove_stray_characters(text: str) -> str:
    """`text` as readers see it: invisible characters stay only if they shape a neighbor."""
    if text.isascii() and text.isprintable():
        return text
    text = str(_BLANK.sub(" ", text))
    for stray in _STRAY:
        text = str(stray.sub("", text))
    return text


def remove_invisible(text: str) -> str:
    """`text` without any invisible character, for comparison."""
    return str(_INVISIBLE.sub("", text))
