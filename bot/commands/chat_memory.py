"""What was just said in a chat, so that "2" and "more" mean something: in memory, bounded, never stored."""

import re
from dataclasses import dataclass
from hashlib import sha256

from cachetools import LRUCache

MAX_LISTS = 4000
MAX_QUESTIONS = 2000

_HANDLE = re.compile("~[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCommand:
    """A command that was meant, with all that was typed and pointed at."""

    command: str
    words: str
    pointed_at: tuple[str, ...] = ()
    pointed_message: tuple[int, int] | None = None
    pointed_text: str = ""


Key = tuple[int, int | str]  #: a chat's id, and what is remembered of the chat


class ChatMemory:
    """The numbered lists that chats were shown, and the questions and commands too long for a button."""

    def __init__(self, lists: int = MAX_LISTS, questions: int = MAX_QUESTIONS) -> None:
        self._lists: LRUCache[Key, tuple[int, ...]] = LRUCache(lists)
        self._questions: LRUCache[Key, str] = LRUCache(questions)
        self._commands: LRUCache[Key, TypedCommand] = LRUCache(questions)

    def remember_list(self, chat_id: int, message_id: int, articles: tuple[int, ...]) -> None:
        """The chat was shown these articles, numbered from 1, in this message."""
        self._lists[(chat_id, 0)] = articles
        self._lists[(chat_id, message_id)] = articles

    def recall_list(self, chat_id: int, message_id: int = 0) -> tuple[int, ...]:
        """The list in that message, by default the chat's last; empty where none is remembered."""
        return self._lists.get((chat_id, message_id)) or ()

    def remember_question(self, chat_id: int, question: str) -> str:
        """A short name for a question, good in this chat alone until it is forgotten: "~1f2e3d4c5b6a"."""
        name = _make_handle(question)
        self._questions[(chat_id, name)] = question
        return name

    def recall_question(self, chat_id: int, handle: str) -> str | None:
        """The question that `handle` names in this chat, None where it is forgotten."""
        return self._questions.get((chat_id, handle))

    def remember_command(self, chat_id: int, typed: TypedCommand) -> str:
        """The same for a whole command."""
        name = _make_handle(repr(typed))
        self._commands[(chat_id, name)] = typed
        return name

    def recall_command(self, chat_id: int, handle: str) -> TypedCommand | None:
        """The command that `handle` names in this chat, None where it is forgotten."""
        return self._commands.get((chat_id, handle))

    def forget_chat(self, chat_id: int) -> None:
        """Nothing was ever said in this chat."""
        for cache in (self._lists, self._questions, self._commands):
            for key in [key for key in cache if key[0] == chat_id]:
                del cache[key]


def is_handle(words: str) -> bool:
    """Whether this is a name that `Recent` gives."""
    return _HANDLE.fullmatch(words) is not None


def _make_handle(question: str) -> str:
    return "~" + sha256(question.encode(errors="replace")).hexdigest()[:12]
