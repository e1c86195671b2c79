"""The chats that the sandbox starts with: its channels, the reader, and the sample site if there is one."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.sample.site_server import SampleSite
from bot.sandbox.telegram.chats import Chat, User
from bot.sandbox.telegram.fake_telegram import FakeTelegram

CHANNELS = {
    "en": ("The Sandbox Gazette", "sandbox_gazette"),
    "my": ("သဲပုံ ဂေဇက်", "sandbox_gazette_my"),
}
OWN_CHANNEL = ("Your channel", "your_channel")


@dataclass(frozen=True, slots=True)
class SandboxFixtures:
    """What the page shows. `sample_site` is None if it shows an operator's own feed."""

    telegram: FakeTelegram
    channels: Mapping[str, Chat]  #: by language; the key is "" for an operator's own feed
    reader: User
    sample_site: SampleSite | None

    def chat_ids(self) -> frozenset[int]:
        """Every chat that the page shows."""
        return frozenset({self.reader.id, *(chat.id for chat in self.channels.values())})


def create_fixtures(telegram: FakeTelegram, newsroom: SampleSite | None) -> SandboxFixtures:
    """Add the channels and the reader to the fake Telegram. The reader has not pressed Start yet."""
    wanted = {"": OWN_CHANNEL} if newsroom is None else CHANNELS
    channels = {
        language: telegram.add_channel(title, username=username)
        for language, (title, username) in wanted.items()
    }
    return SandboxFixtures(telegram, channels, telegram.add_person("You", started=False), newsroom)
