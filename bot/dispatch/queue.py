"""One asker's queue of questions, answered one by one in the order in which they came."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.dispatch.parse import ParsedQuestion

T = TypeVar("T")


class QueuedQuestion:
    """One question that is not answered yet."""

    def __init__(self, asked: ParsedQuestion, before: "QueuedQuestion | None", *, changes: bool) -> None:
        self.asked = asked
        self.changes = changes  #: changes something, and is never dropped
        self.begun = False  #: its answer is being made
        self.dropped = False
        self._before = before
        self._over = asyncio.Event()

    async def wait_turn(self) -> None:
        """Wait until the question before this one is done."""
        if self._before:
            await self._before._over.wait()
            self._before = None

    def mark_over(self) -> None:
        """Answered or dropped: let the next question have its turn."""
        self._over.set()


class AskerQueue:
    """One asker's unanswered questions, oldest first."""

    def __init__(self) -> None:
        self._questions: list[QueuedQuestion] = []
        self._changing = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._questions)

    def add(self, asked: ParsedQuestion, *, changes: bool) -> QueuedQuestion:
        """Append a question."""
        before = self._questions[-1] if self._questions else None
        self._questions.append(QueuedQuestion(asked, before, changes=changes))
        return self._questions[-1]

    def is_superseded(self, question: QueuedQuestion) -> bool:
        """Whether this is a change and another change was requested after it."""
        behind = self._questions[self._questions.index(question) + 1 :]
        return question.changes and any(one.changes for one in behind)

    def drop_oldest(self, most: int) -> list[QueuedQuestion]:
        """Drop and return the oldest questions that only read, so that at most `most` of them wait."""
        waiting = [one for one in self._questions if not (one.changes or one.begun or one.dropped)]
        surplus = waiting[: max(0, len(waiting) - most)]
        for question in surplus:
            question.dropped = True
        return surplus

    def remove(self, question: QueuedQuestion) -> None:
        """Remove a question that is done."""
        self._questions.remove(question)
        question.mark_over()

    async def run_change(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run a change at once, ahead of waiting questions but in order with other changes."""
        async with self._changing:
            return await work()
