"""How do readers write numbers, pages, links and sections? Read leniently, bounded, in any digits."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from hashlib import sha256

from bot.commands.invisible_characters import remove_invisible
from bot.locale import Translator
from bot.render import COMMAND_LIMIT, Button, Rows
from bot.render.hashtags import section_hashtag

MAX_OFFSET = 1000  #: the last article that paging reaches; beyond, searching is the better way

_NUMBER = re.compile(r"[-+]?\d{1,6}")
_PAGE = re.compile(r"(?:^|\s)@(\d{1,4})$")
#: Beside web addresses those of Telegram's apps that name a post (core.telegram.org/api/links).
_LINK = re.compile(r"(?:https?://|tg:(?://)?(?=(?:resolve|privatepost)/?\?))[^\s<>\"“”«»]+", re.IGNORECASE)
_BARE_LINK = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,24}(?:/\S*)?", re.IGNORECASE)
#: What writing wraps around a link, and what is no part of it.
_LINK_WRAPPING = "<>()[]{}\"'“”‘’«».,;!?။၊ "


def parse_number(text: str) -> int | None:
    """A whole number in any script's digits; None where it is none, or has more than six digits."""
    return int(text) if _NUMBER.fullmatch(text) else None


def split_page(words: str) -> tuple[str, int]:
    """`words` without the page's beginning "@10" at their end, and that beginning."""
    found = _PAGE.search(words.rstrip())
    if not found:
        return words.strip(), 0
    return words[: found.start()].strip(), min(int(found[1]), MAX_OFFSET)


def first_link(words: str) -> str:
    """The first web address in `words`; a lone "news.example/rice" counts as one. "" where there is none."""
    found = _LINK.search(words)
    if found:
        return found[0].rstrip(_LINK_WRAPPING)
    alone = words.strip(_LINK_WRAPPING)
    return f"https://{alone}" if _BARE_LINK.fullmatch(alone) else ""


def find_section(wanted: str, sections: Sequence[str]) -> str | None:
    """The section that `wanted` names: its name in any case, its hashtag, its handle, or how it begins."""
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
    """A short name for a section, the same for as long as it is called so: "#1f2e3d4c"."""
    return "#" + sha256(section.encode(errors="replace")).hexdigest()[:8]


def fits_button(command: str) -> bool:
    """Whether a button can hold this command."""
    return len(command.encode(errors="replace")) <= COMMAND_LIMIT


def _section_key(name: str) -> str:
    folded = remove_invisible(unicodedata.normalize("NFC", name).casefold())
    return " ".join(folded.replace("_", " ").replace("#", " ").split())


PAGE_SIZE = 5  #: articles at a time


def page_buttons(
    say: Translator, command: Callable[[int], str], *, offset: int, count: int, more: bool
) -> Rows:
    """One row: back and on. `command` makes the command for the page that begins at an offset."""
    row: list[Button] = []
    if offset > 0:
        row.append(Button(say("‹ Back"), command=command(max(offset - count, 0))))
    if more and offset + count <= MAX_OFFSET:
        row.append(Button(say("More ›"), command=command(offset + count)))
    return (tuple(row),) if row else ()


def command_at(command: str, offset: int) -> str:
    """`command` for the page that begins at `offset`."""
    return f"{command} @{offset}" if offset else command
