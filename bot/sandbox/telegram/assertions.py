"""What was ever visible in the chats, and when: evidence for "exactly once" and "never above the rate".

Reads the stored messages of the fake Telegram, which keeps deleted ones and earlier versions.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.formatting.show_html import find_links
from bot.sandbox.telegram.messages import Content, Message
from bot.sandbox.telegram.state import TelegramState


@dataclass(frozen=True, slots=True)
class VisibleVersion:
    """One version of a message; `until` is None while it is visible."""

    chat_id: int
    message_id: int
    at: datetime
    until: datetime | None
    content: Content


@dataclass(frozen=True, slots=True)
class MarkCount:
    """How often marks were shown in chats; `missing` and `duplicated` hold pairs of (chat id, mark)."""

    shown_once: int
    missing: tuple[tuple[int, str], ...]
    duplicated: tuple[tuple[int, str], ...]


class VisibilityLog:
    """Everything that the bot ever showed."""

    def __init__(self, state: TelegramState) -> None:
        self._state = state

    def messages(self, chat_id: int | None = None) -> Iterator[Message]:
        """The bot's messages in order of their ids, with deleted ones but without service messages."""
        store, bot = self._state.messages, self._state.bot
        found = store.all() if chat_id is None else store.in_chat(chat_id, deleted=True)
        return (message for message in found if message.author.id == bot.id and not message.service)

    def visible_versions(self, chat_id: int | None = None) -> Iterator[VisibleVersion]:
        """Every version of each of the bot's messages."""
        for message in self.messages(chat_id):
            begin = message.at
            for until, content in message.versions:
                yield VisibleVersion(message.chat.id, message.id, begin, until, content)
                begin = until
            yield VisibleVersion(message.chat.id, message.id, begin, message.deleted_at, message.content)

    def messages_with(self, chat_id: int, mark: str) -> list[Message]:
        """The bot's messages in a chat that ever had `mark` in the text, a link, a button or the preview."""
        return [
            message
            for message in self.messages(chat_id)
            if any(_has_mark(content, mark) for content in _all_versions(message))
        ]

    def count_marks(self, marks: Iterable[str], chat_ids: Iterable[int]) -> MarkCount:
        """Count in how many messages of each chat each mark was shown. A mark is a whole URL or a text."""
        wanted = list(dict.fromkeys(marks))
        lost, doubled, right = [], [], 0
        for chat_id in chat_ids:
            counts = self._count_in_chat(chat_id, wanted)
            right += sum(count == 1 for count in counts.values())
            lost += [(chat_id, mark) for mark, count in counts.items() if not count]
            doubled += [(chat_id, mark) for mark, count in counts.items() if count > 1]
        return MarkCount(right, tuple(lost), tuple(doubled))

    def _count_in_chat(self, chat_id: int, marks: list[str]) -> dict[str, int]:
        counts = dict.fromkeys(marks, 0)
        for message in self.messages(chat_id):
            contents = _all_versions(message)
            whole = {link for content in contents for link in _visible_links(content)}
            for mark in marks:
                # only whole URLs count: story/1 is not story/10
                words = "://" not in mark and any(mark in content.text.plain for content in contents)
                if mark in whole or words:
                    counts[mark] += 1
        return counts

    def foreign_changes(self) -> list[Message]:
        """Messages of other people that the bot edited or deleted."""
        bot_id = self._state.bot.id
        return [
            message
            for message in self._state.messages.all()
            if message.author.id != bot_id and bot_id in (message.edited_by, message.deleted_by)
        ]

    def send_times(self, chat_id: int | None = None) -> list[float]:
        """Unix times at which sends and edits were applied, sorted; rate limits count both."""
        times = []
        for message in self.messages(chat_id):
            times.append(message.at.timestamp())
            times += [until.timestamp() for until, _ in message.versions]
        return sorted(times)

    def peak_count(self, seconds: float, chat_id: int | None = None) -> int:
        """The most sends and edits in any sliding window of `seconds`."""
        return peak_in_window(self.send_times(chat_id), seconds)


def peak_in_window(times: Iterable[float], seconds: float) -> int:
    """The most of the sorted `times` in any window [t, t + seconds)."""
    window: deque[float] = deque()
    most = 0
    for at in times:
        window.append(at)
        while at - window[0] >= seconds:
            window.popleft()
        most = max(most, len(window))
    return most


def _all_versions(message: Message) -> list[Content]:
    return [*(content for _, content in message.versions), message.content]


def _has_mark(content: Content, mark: str) -> bool:
    return mark in content.text.plain or any(mark in address for address in _visible_links(content))


def _visible_links(content: Content) -> Iterator[str]:
    yield from find_links(content.text)
    for row in (content.markup or {}).get("inline_keyboard", ()):
        yield from (str(button["url"]) for button in row if "url" in button)
    if content.preview and content.preview.get("url"):
        yield str(content.preview["url"])
