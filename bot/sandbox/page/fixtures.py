"""Who stands on the sandbox's stage: the channels, the reader, and the sample site where there is one."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.sample.site_server import Newsroom
from bot.sandbox.telegram.chats import Chat, User
from bot.sandbox.telegram.fake_telegram import Box

CHANNELS = {
    "en": ("The Sandbox Gazette", "sandbox_gazette"),
    "my": ("သဲပုံ ဂေဇက်", "sandbox_gazette_my"),
}
OWN_CHANNEL = ("Your channel", "your_channel")


@dataclass(frozen=True, slots=True)
class Stage:
    """What the page shows. `newsroom` is None where an operator's own feed is shown."""

    box: Box
    channels: Mapping[str, Chat]  #: by language; the key is "" for an operator's own feed
    reader: User
    newsroom: Newsroom | None

    def chats(self) -> frozenset[int]:
        """Every chat that the page shows."""
        return frozenset({self.reader.id, *(chat.id for chat in self.channels.values())})


def set_stage(box: Box, newsroom: Newsroom | None) -> Stage:
    """Found the channels and the reader in the box. The reader has not pressed Start yet."""
    wanted = {"": OWN_CHANNEL} if newsroom is None else CHANNELS
    channels = {
        language: box.add_channel(title, username=username) for language, (title, username) in wanted.items()
    }
    return Stage(box, channels, box.add_person("You", started=False), newsroom)
