"""The questions of one asker, answered one by one in the order in which they came."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.dispatch.reading import Asked

T = TypeVar("T")


class Question:
    """One question on its way to its answer."""

    def __init__(self, asked: Asked, before: "Question | None", *, droppable: bool) -> None:
        self.asked = asked
        self.droppable = droppable  #: it only reads, and nobody has begun to answer it
        self.dropped = False
        self._before = before
        self._over = asyncio.Event()

    async def turn(self) -> None:
        """Return once the question before this one is over."""
        if self._before:
            await self._before._over.wait()
            self._before = None

    def end(self) -> None:
        """It was answered, or dropped: the next one has its turn."""
        self._over.set()


class AskerQueue:
    """Questions that are not answered yet, oldest first."""

    def __init__(self) -> None:
        self._questions: list[Question] = []
        self._changing = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._questions)

    def add(self, asked: Asked, *, droppable: bool) -> Question:
        """Put a question last."""
        before = self._questions[-1] if self._questions else None
        self._questions.append(Question(asked, before, droppable=droppable))
        return self._questions[-1]

    def drop(self, most: int) -> list[Question]:
        """Drop the oldest droppable questions, so that at most `most` of them are left; those dropped."""
        waiting = [one for one in self._questions if one.droppable and not one.dropped]
        surplus = waiting[: max(0, len(waiting) - most)]
        for question in surplus:
            question.dropped = True
        return surplus

    def remove(self, question: Question) -> None:
        """The question is over."""
        self._questions.remove(question)
        question.end()

    async def change(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run what changes something at once, without a turn, but in order with other changes."""
        async with self._changing:
            return await work()
