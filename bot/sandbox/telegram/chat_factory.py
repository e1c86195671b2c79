"""Adds people, groups, supergroups and channels to the fake Telegram."""

from collections.abc import Iterable

from bot.sandbox.telegram.chats import ADMIN_RIGHTS, Chat, ChatType, Member, MemberStatus, User
from bot.sandbox.telegram.messages import Content, Json, Message
from bot.sandbox.telegram.state import TelegramState

OWNER_ID = 1000  #: the owner of the chats, who posts in them by hand
FIRST_PERSON_ID = 1001
FIRST_GROUP_ID = -4001
FIRST_SUPERGROUP_ID = -1001000000001


class ChatFactory:
    """Creates the people and chats of a test or a sandbox. Each chat belongs to `owner`."""

    def __init__(self, state: TelegramState) -> None:
        self._state = state
        self.owner = User(OWNER_ID, "Newsroom", "newsroom")
        state.chats.add_user(self.owner)

    def add_person(
        self,
        name: str,
        *,
        id: int = 0,  # noqa: A002  (the Bot API's name)
        username: str = "",
        language: str = "en",
        started: bool = True,
        is_bot: bool = False,
    ) -> User:
        """A person with a private chat with the bot. `started`: whether they have pressed Start."""
        person_id = id or self._state.chats.next_free_id(FIRST_PERSON_ID, 1)
        person = User(person_id, name, username, language, is_bot)
        self._state.chats.add_user(person).started = started
        return person

    def add_people(self, count: int, *, first_id: int = 100_000) -> range:
        """Many people who have started the bot, for a fan-out; returns their ids."""
        ids = range(first_id, first_id + count)
        for person_id in ids:
            self.add_person(f"Reader {person_id}", id=person_id)
        return ids

    def add_channel(
        self,
        title: str,
        *,
        id: int = 0,  # noqa: A002
        username: str = "",
        rights: Iterable[str] = ("can_post_messages",),
        bot: MemberStatus = MemberStatus.ADMINISTRATOR,
    ) -> Chat:
        """A channel in which the bot has these rights. Its creation takes the first message id."""
        return self._add_chat(ChatType.CHANNEL, title, id, username, Member(bot, frozenset(rights)), ())

    def add_supergroup(
        self,
        title: str,
        members: Iterable[int] = (),
        *,
        id: int = 0,  # noqa: A002
        username: str = "",
        rights: Iterable[str] = (),
        bot: MemberStatus = MemberStatus.MEMBER,
    ) -> Chat:
        """A supergroup with these people and the bot as members."""
        return self._add_chat(
            ChatType.SUPERGROUP, title, id, username, Member(bot, frozenset(rights)), members
        )

    def add_group(
        self,
        title: str,
        members: Iterable[int] = (),
        *,
        id: int = 0,  # noqa: A002
        rights: Iterable[str] = (),
        bot: MemberStatus = MemberStatus.MEMBER,
    ) -> Chat:
        """A basic group, which shares the account's message ids."""
        return self._add_chat(ChatType.GROUP, title, id, "", Member(bot, frozenset(rights)), members)

    def _add_chat(
        self, kind: ChatType, title: str, chat_id: int, username: str, bot: Member, members: Iterable[int]
    ) -> Chat:
        state = self._state
        first = FIRST_GROUP_ID if kind == ChatType.GROUP else FIRST_SUPERGROUP_ID
        chat = Chat(chat_id or state.chats.next_free_id(first, -1), kind, title, username)
        chat.members[self.owner.id] = Member(MemberStatus.CREATOR, frozenset(ADMIN_RIGHTS))
        chat.members |= {user_id: Member(MemberStatus.MEMBER) for user_id in members}
        if bot.status != MemberStatus.LEFT:
            chat.members[state.bot.id] = bot
        state.chats.add(chat)
        kind_name = "group" if kind == ChatType.GROUP else str(kind)
        add_service_message(state, chat, self.owner, {f"{kind_name}_chat_created": True})
        return chat


def add_service_message(state: TelegramState, chat: Chat, author: User, service: Json) -> Message:
    """A service message ("channel created"), which takes an id like any other message."""
    message = Message(
        chat, state.messages.next_id(chat), state.clock.now(), author, Content(), service=service
    )
    state.messages.add(message)
    state.log_message("message", message)
    return message
