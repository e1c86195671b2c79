"""What does Telegram itself hold? Everything behind the Bot API of one bot, in one value."""

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
    """What Telegram shows of a linked page."""

    title: str = ""
    image: str = ""
    site: str = ""
    text: str = ""


@dataclass(slots=True)
class BotProfile:
    """What the bot says about itself, by language code."""

    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)  #: by (scope JSON, language)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)  #: by (name|description|short, language)


@dataclass(slots=True)
class PendingQuery:
    """A pressed button or an inline query that waits for its answer."""

    id: str
    user_id: int
    asked_at: float
    answer: Json | None = None


@dataclass(slots=True)
class TelegramState:
    """The state that methods and people act on."""

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
    uploads: dict[str, bytes] = field(default_factory=dict)  #: pictures that the bot uploaded, by file_id
    #: what a linked page shows; the sandbox hands in the sample news site's
    find_preview: Callable[[str], LinkPreview | None] = lambda url: None
    #: the refusal of a picture's address ("WEBPAGE_CURL_FAILED"), or "" where it can be fetched
    find_picture_error: Callable[[str], str] = lambda url: ""

    def log_message(self, kind: str, message: Message, **details: Any) -> None:
        """Write what happened to a message into the journal."""
        content = message.content
        self.event_log.append(
            self.clock.now(), kind, message.chat.id, message.id, message=message, content=content, **details
        )

    def store_photo(self, photo: Photo) -> Photo:
        """Remember a picture, so that its file_id means it from now on; the first of one address stays."""
        for known in self.photos.values():
            if photo.url and known.url == photo.url:
                return known
        self.photos[photo.file_id] = photo
        return photo

    def check_limits(self, chat: Chat, *, paid: bool = False) -> None:
        """Count one message against the limits. Raises Refusal 429."""
        crowd = chat.kind != ChatType.PRIVATE
        wait = self.limiter.count_message(chat.id, crowd, paid, self.clock.monotonic())
        if wait:
            raise too_many_requests(wait)
