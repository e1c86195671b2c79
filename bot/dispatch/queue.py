"""The questions of one asker, answered one by one in the order in which they came."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.dispatch.parse import ParsedQuestion

T = TypeVar("T")


class QueuedQuestion:
    """One question on its way to its answer."""

    def __init__(self, asked: ParsedQuestion, before: "QueuedQuestion | None", *, changes: bool) -> None:
        self.asked = asked
        self.changes = changes  #: it changes something, and is never dropped
        self.begun = False  #: somebody works on the answer
        self.dropped = False
        self._before = before
        self._over = asyncio.Event()

    async def wait_turn(self) -> None:
        """Return once the question before this one is over."""
        if self._before:
            await self._before._over.wait()
            self._before = None

    def mark_over(self) -> None:
        """It was answered, or dropped: the next one has its turn."""
        self._over.set()


class AskerQueue:
    """Questions that are not answered yet, oldest first."""

    def __init__(self) -> None:
        self._questions: list[QueuedQuestion] = []
        self._changing = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._questions)

    def add(self, asked: ParsedQuestion, *, changes: bool) -> QueuedQuestion:
        """Put a question last."""
        before = self._questions[-1] if self._questions else None
        self._questions.append(QueuedQuestion(asked, before, changes=changes))
        return self._questions[-1]

    def is_superseded(self, question: QueuedQuestion) -> bool:
        """Whether another change was asked for after this one."""
        behind = self._questions[self._questions.index(question) + 1 :]
        return question.changes and any(one.changes for one in behind)

    def drop_oldest(self, most: int) -> list[QueuedQuestion]:
        """Drop the oldest questions that only read, so that at most `most` of them wait; those dropped."""
        waiting = [one for one in self._questions if not (one.changes or one.begun or one.dropped)]
        surplus = waiting[: max(0, len(waiting) - most)]
        for question in surplus:
            question.dropped = True
        return surplus

    def remove(self, question: QueuedQuestion) -> None:
        """The question is over."""
        self._questions.remove(question)
        question.mark_over()

    async def run_change(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run what changes something at once, without a turn, but in order with other changes."""
        async with self._changing:
            return await work()
