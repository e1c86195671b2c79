"""What was just said in a chat, so that "2" and "more" mean something: in memory, bounded, never stored."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

V = TypeVar("V")

LISTS = 4000
QUESTIONS = 2000

_HANDLE = re.compile("~[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command that was meant, with all that was typed and pointed at."""

    command: str
    words: str
    pointed_at: tuple[str, ...] = ()
    pointed_message: tuple[int, int] | None = None
    pointed_text: str = ""


class _Newest(Generic[V]):
    """A mapping that forgets what was longest unused."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[int, int | str], V] = OrderedDict()

    def put(self, key: tuple[int, int | str], value: V) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, key: tuple[int, int | str]) -> V | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def forget(self, chat_id: int) -> None:
        for key in [key for key in self._kept if key[0] == chat_id]:
            del self._kept[key]


class Recent:
    """The numbered lists that chats were shown, and the questions and commands too long for a button."""

    def __init__(self, lists: int = LISTS, questions: int = QUESTIONS) -> None:
        self._lists: _Newest[tuple[int, ...]] = _Newest(lists)
        self._questions: _Newest[str] = _Newest(questions)
        self._typed: _Newest[Typed] = _Newest(questions)

    def showed(self, chat_id: int, message_id: int, articles: tuple[int, ...]) -> None:
        """The chat was shown these articles, numbered from 1, in this message."""
        self._lists.put((chat_id, 0), articles)
        self._lists.put((chat_id, message_id), articles)

    def listed(self, chat_id: int, message_id: int = 0) -> tuple[int, ...]:
        """The list in that message, by default the chat's last; empty where none is remembered."""
        return self._lists.get((chat_id, message_id)) or ()

    def handle(self, chat_id: int, question: str) -> str:
        """A short name for a question, good in this chat alone until it is forgotten: "~1f2e3d4c5b6a"."""
        name = _name(question)
        self._questions.put((chat_id, name), question)
        return name

    def question(self, chat_id: int, handle: str) -> str | None:
        """The question that `handle` names in this chat, None where it is forgotten."""
        return self._questions.get((chat_id, handle))

    def typed_handle(self, chat_id: int, typed: Typed) -> str:
        """The same for a whole command."""
        name = _name(repr(typed))
        self._typed.put((chat_id, name), typed)
        return name

    def typed(self, chat_id: int, handle: str) -> Typed | None:
        """The command that `handle` names in this chat, None where it is forgotten."""
        return self._typed.get((chat_id, handle))

    def forget(self, chat_id: int) -> None:
        """Nothing was ever said in this chat."""
        self._lists.forget(chat_id)
        self._questions.forget(chat_id)
        self._typed.forget(chat_id)


def is_handle(words: str) -> bool:
    """Whether this is a name that `Recent` gives."""
    return _HANDLE.fullmatch(words) is not None


def _name(question: str) -> str:
    return "~" + sha256(question.encode(errors="replace")).hexdigest()[:12]
