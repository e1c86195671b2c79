"""Where could a message be whose send was unclear? The numbers to look at, one after the other; pure.

A channel or supergroup counts its messages one by one, ours and others', so that ours has one of the next
numbers behind the last that was known before the send. Deleted ones leave gaps (TELEGRAM's own sequence:
Telethon #1308, TD #2419: nothing promises that there are none), so that only several misses in a row end it.
"""

from dataclasses import dataclass

#: Numbers in a row that nobody has: the end of the chat.
MAX_MISSES = 10
#: More foreign messages than this are not looked through.
MAX_CHECKED = 200


@dataclass(slots=True)
class MessageSearch:
    """A search behind message `after`. Ask `number`, tell what was there, until `over`."""

    after: int
    checked: int = 0
    misses: int = 0

    @property
    def next_message_id(self) -> int:
        """The next to look at."""
        return self.after + self.checked + 1

    def record_probe(self, *, there: bool) -> None:
        """Whether there was a message, not ours, under `number`."""
        self.checked += 1
        self.misses = 0 if there else self.misses + 1

    @property
    def is_finished(self) -> bool:
        return self.misses >= MAX_MISSES or self.checked >= MAX_CHECKED

    @property
    def reached_end(self) -> bool:
        """Whether the end of the chat was reached: the message is not there."""
        return self.misses >= MAX_MISSES
