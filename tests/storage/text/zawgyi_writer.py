"""Writes Unicode Burmese as a Zawgyi keyboard would: glyphs in the order in which they are seen."""

import regex

_SIGNS = {
    "\u103b": "\u103a", "\u103c": "\u103b", "\u103d": "\u103c", "\u103e": "\u103d", "\u103a": "\u1039",
    "\u103f": "\u1086",
}  # fmt: skip
_STACKED = {
    0x1000: 0x1060, 0x1001: 0x1061, 0x1002: 0x1062, 0x1003: 0x1063, 0x1005: 0x1065, 0x1006: 0x1066,
    0x1007: 0x1068, 0x1008: 0x1069, 0x100B: 0x106C, 0x100C: 0x106D, 0x100F: 0x1070, 0x1010: 0x1071,
    0x1011: 0x1073, 0x1012: 0x1075, 0x1013: 0x1076, 0x1014: 0x1077, 0x1015: 0x1078, 0x1016: 0x1079,
    0x1017: 0x107A, 0x1018: 0x107B, 0x1019: 0x107C, 0x101C: 0x1085,
}  # fmt: skip
_LIGATURES = {
    "\u100d\u1039\u100d": "\u106e", "\u100d\u1039\u100e": "\u106f", "\u100f\u1039\u100d": "\u1091",
    "\u100b\u1039\u100c": "\u1092", "\u100b\u1039\u100b": "\u1097",
}  # fmt: skip
_CLUSTER = regex.compile(
    "(?P<kinzi>\u1004\u103a\u1039)?(?P<letter>[\u1000-\u102a\u103f](?:\u1039[\u1000-\u1021])?)(?P<signs>[\u102b-\u103e]*)"
)


def to_zawgyi(text: str) -> str:
    """The same words in Zawgyi."""
    drawn: str = _CLUSTER.sub(_drawn, text)
    return drawn


def _drawn(match: regex.Match[str]) -> str:
    signs: str = match["signs"]
    before = "\u1031" * signs.count("\u1031") + "\u103b" * signs.count("\u103c")
    letter: str = _LIGATURES.get(match["letter"]) or match["letter"][0].replace("\u103f", "\u1086") + (
        chr(_STACKED[ord(match["letter"][-1])]) if len(match["letter"]) == 3 else ""
    )
    rest = "".join(_SIGNS.get(sign, sign) for sign in signs if sign not in "\u1031\u103c")
    kinzi = "\u1064" if match["kinzi"] else ""
    return before + letter + kinzi + rest
