"""Chats that rarely ask go before chats that ask all the time."""

from bot.telegram.answer_queue import RECENT_WINDOW, AnswerQueue


def at_once(chat_id: int, what: str) -> float:
    return 0.0


def said(queue: AnswerQueue[str], now: float) -> str:
    found = queue.first_ready(now, at_once)
    assert found
    queue.pop_answered(now)
    return found[1]


def test_chats_answered_equally_often_are_served_first_come_first_served() -> None:
    queue: AnswerQueue[str] = AnswerQueue()
    for chat_id in (3, 1, 2):
        queue.add(chat_id, f"to {chat_id}", 0.0)
    assert [said(queue, 0.0) for _ in range(3)] == ["to 3", "to 1", "to 2"]
    assert queue.first_ready(0.0, at_once) is None


def test_a_chat_answered_often_waits_until_its_answers_are_no_longer_recent() -> None:
    queue: AnswerQueue[str] = AnswerQueue()
    for second in range(5):
        queue.add(1, "loud", second)
        said(queue, second)
    queue.add(1, "loud", 5.0)
    queue.add(2, "honest", 5.0)
    assert [said(queue, 5.0), said(queue, 5.0)] == ["honest", "loud"]
    later = 6.0 + RECENT_WINDOW
    queue.add(1, "no longer loud", later)
    queue.add(2, "honest", later)
    assert said(queue, later) == "no longer loud"


def test_a_resting_chat_delays_no_other_and_keeps_its_place() -> None:
    queue: AnswerQueue[str] = AnswerQueue()
    queue.add(1, "resting", 0.0)
    queue.add(2, "open", 0.0)
    assert queue.first_ready(0.0, lambda chat_id, _: 0.5 if chat_id == 1 else 0.0) == (2, "open")
    assert queue.next_ready_in(0.0) == 0.5
    queue.pop_answered(0.0)
    queue.add(3, "later", 0.4)
    assert said(queue, 0.5) == "resting"
    assert len(queue) == 1
