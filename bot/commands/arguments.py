"""Lenient parsing of the numbers, pages, links and sections that readers type, and the buttons that page."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from hashlib import sha256

from bot.commands.invisible_characters import remove_invisible
from bot.locale import Translator
from bot.render import COMMAND_LIMIT, Button, Rows
from bot.render.hashtags import section_hashtag

MAX_OFFSET = 1000  #: the last offset that paging reaches; beyond it, searching works better

_NUMBER = re.compile(r"[-+]?\d{1,6}")
_PAGE = re.compile(r"(?:^|\s)@(\d{1,4})$")
#: Web addresses, and the tg: links that name a post (core.telegram.org/api/links).
_LINK = re.compile(r"(?:https?://|tg:(?://)?(?=(?:resolve|privatepost)/?\?))[^\s<>\"“”«»]+", re.IGNORECASE)
_BARE_LINK = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,24}(?:/\S*)?", re.IGNORECASE)
#: Punctuation that surrounds a link and is not part of it.
_LINK_WRAPPING = "<>()[]{}\"'“”‘’«».,;!?။၊ "


def parse_number(text: str) -> int | None:
    """A whole number of at most six digits in any script, or None."""
    return int(text) if _NUMBER.fullmatch(text) else None


def split_page(words: str) -> tuple[str, int]:
    """`words` without a trailing offset such as "@10", and that offset; 0 if there is none."""
    found = _PAGE.search(words.rstrip())
    if not found:
        return words.strip(), 0
    return words[: found.start()].strip(), min(int(found[1]), MAX_OFFSET)


def first_link(words: str) -> str:
    """The first web address in `words`, or ""; "news.example/rice" counts if it stands alone."""
    found = _LINK.search(words)
    if found:
        return found[0].rstrip(_LINK_WRAPPING)
    alone = words.strip(_LINK_WRAPPING)
    return f"https://{alone}" if _BARE_LINK.fullmatch(alone) else ""


def find_section(wanted: str, sections: Sequence[str]) -> str | None:
    """The section that `wanted` means: a name in any case, a hashtag, a handle or an unambiguous prefix."""
    key = _section_key(wanted)
    if not key:
        return None
    for section in sections:
        if key in (_section_key(section), _section_key(section_hashtag(section))) or wanted == section_handle(
            section
        ):
            return section
    beginning = [section for section in sections if _section_key(section).startswith(key)]
    return beginning[0] if len(beginning) == 1 else None


def section_handle(section: str) -> str:
    """A short, stable name for a section, such as "#1f2e3d4c"."""
    return "#" + sha256(section.encode(errors="replace")).hexdigest()[:8]


def fits_button(command: str) -> bool:
    """Whether the command fits into a button's 64 bytes."""
    return len(command.encode(errors="replace")) <= COMMAND_LIMIT


def _section_key(name: str) -> str:
    folded = remove_invisible(unicodedata.normalize("NFC", name).casefold())
    return " ".join(folded.replace("_", " ").replace("#", " ").split())


PAGE_SIZE = 5  #: articles per page


def page_buttons(
    say: Translator, command: Callable[[int], str], *, offset: int, count: int, more: bool
) -> Rows:
    """One row with the previous and the next page; `command` builds the command for an offset."""
    row: list[Button] = []
    if offset > 0:
        row.append(Button(say("‹ Back"), command=command(max(offset - count, 0))))
    if more and offset + count <= MAX_OFFSET:
        row.append(Button(say("More ›"), command=command(offset + count)))
    return (tuple(row),) if row else ()


def command_at(command: str, offset: int) -> str:
    """`command` with a page's offset appended, unless that is 0."""
    return f"{command} @{offset}" if offset else command
