"""The state of the fake Telegram: everything behind the Bot API of one bot."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.api_error import too_many_requests
from bot.sandbox.telegram.chats import Chat, ChatDirectory, ChatType, User
from bot.sandbox.telegram.event_log import EventLog
from bot.sandbox.telegram.limits import FloodLimiter
from bot.sandbox.telegram.messages import Message, MessageStore, Photo
from bot.sandbox.telegram.updates import UpdateQueue
from jobs.clock import Clock

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LinkPreview:
    """The preview of a linked page."""

    title: str = ""
    image: str = ""
    site: str = ""
    text: str = ""


@dataclass(slots=True)
class BotProfile:
    """The bot's commands, name and descriptions, by language code."""

    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)  #: by (scope JSON, language)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)  #: by (name|description|short, language)


@dataclass(slots=True)
class PendingQuery:
    """A callback query or an inline query that waits for its answer."""

    id: str
    user_id: int
    asked_at: float
    answer: Json | None = None


@dataclass(slots=True)
class TelegramState:
    """The state that the methods and the actions of people change."""

    clock: Clock
    rng: random.Random
    bot: User
    chats: ChatDirectory
    messages: MessageStore
    updates: UpdateQueue
    limiter: FloodLimiter
    event_log: EventLog
    profile: BotProfile = field(default_factory=BotProfile)
    queries: dict[str, PendingQuery] = field(default_factory=dict)
    photos: dict[str, Photo] = field(default_factory=dict)  #: by file_id
    uploads: dict[str, bytes] = field(default_factory=dict)  #: content of uploaded pictures, by file_id
    #: the preview of a URL; the sandbox sets the sample site's
    find_preview: Callable[[str], LinkPreview | None] = lambda url: None
    #: the error of a picture's URL ("WEBPAGE_CURL_FAILED"), or "" if it can be fetched
    find_picture_error: Callable[[str], str] = lambda url: ""

    def log_message(self, kind: str, message: Message, **details: Any) -> None:
        """Append an event of a message to the event log."""
        content = message.content
        self.event_log.append(
            self.clock.now(), kind, message.chat.id, message.id, message=message, content=content, **details
        )

    def store_photo(self, photo: Photo) -> Photo:
        """Store a picture under its file_id; returns the stored one if its URL is known already."""
        for known in self.photos.values():
            if photo.url and known.url == photo.url:
                return known
        self.photos[photo.file_id] = photo
        return photo

    def check_limits(self, chat: Chat, *, paid: bool = False) -> None:
        """Count one message against the limits. Raises ApiError with 429."""
        crowd = chat.kind != ChatType.PRIVATE
        wait = self.limiter.count_message(chat.id, crowd, paid, self.clock.monotonic())
        if wait:
            raise too_many_requests(wait)
