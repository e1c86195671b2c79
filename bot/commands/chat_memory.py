"""What was recently shown in each chat, so that "2" and "More" can refer to it: bounded, and never stored."""

import re
from dataclasses import dataclass
from hashlib import sha256

from cachetools import LRUCache

MAX_LISTS = 4000
MAX_QUESTIONS = 2000

_HANDLE = re.compile("~[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCommand:
    """A corrected command with the words typed after it and the message it points at."""

    command: str
    words: str
    pointed_at: tuple[str, ...] = ()
    pointed_message: tuple[int, int] | None = None
    pointed_text: str = ""


Key = tuple[int, int | str]  #: a chat's id, and what is remembered of the chat


class ChatMemory:
    """The numbered lists shown in each chat, and the questions and commands too long for a button."""

    def __init__(self, lists: int = MAX_LISTS, questions: int = MAX_QUESTIONS) -> None:
        self._lists: LRUCache[Key, tuple[int, ...]] = LRUCache(lists)
        self._questions: LRUCache[Key, str] = LRUCache(questions)
        self._commands: LRUCache[Key, TypedCommand] = LRUCache(questions)

    def remember_list(self, chat_id: int, message_id: int, articles: tuple[int, ...]) -> None:
        """Remember the articles of a numbered list, in order, by its message and as the chat's last list."""
        self._lists[(chat_id, 0)] = articles
        self._lists[(chat_id, message_id)] = articles

    def recall_list(self, chat_id: int, message_id: int = 0) -> tuple[int, ...]:
        """The list in that message, by default the chat's last; empty if none is remembered."""
        return self._lists.get((chat_id, message_id)) or ()

    def remember_question(self, chat_id: int, question: str) -> str:
        """A short handle for a question, valid in this chat until evicted: "~1f2e3d4c5b6a"."""
        handle = _make_handle(question)
        self._questions[(chat_id, handle)] = question
        return handle

    def recall_question(self, chat_id: int, handle: str) -> str | None:
        """The question behind `handle` in this chat, or None if it was evicted."""
        return self._questions.get((chat_id, handle))

    def remember_command(self, chat_id: int, typed: TypedCommand) -> str:
        """A short handle for a whole command, as for a question."""
        handle = _make_handle(repr(typed))
        self._commands[(chat_id, handle)] = typed
        return handle

    def recall_command(self, chat_id: int, handle: str) -> TypedCommand | None:
        """The command behind `handle` in this chat, or None if it was evicted."""
        return self._commands.get((chat_id, handle))

    def forget_chat(self, chat_id: int) -> None:
        """Drop everything remembered about this chat."""
        for cache in (self._lists, self._questions, self._commands):
            for key in [key for key in cache if key[0] == chat_id]:
                del cache[key]


def is_handle(words: str) -> bool:
    """Whether `words` is a handle made by `ChatMemory`."""
    return _HANDLE.fullmatch(words) is not None


def _make_handle(question: str) -> str:
    return "~" + sha256(question.encode(errors="replace")).hexdigest()[:12]
