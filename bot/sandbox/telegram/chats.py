"""Users, chats, and the members of chats with their rights."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.sandbox.api_error import bad_request

ADMIN_RIGHTS = (
    "can_manage_chat",
    "can_change_info",
    "can_delete_messages",
    "can_invite_users",
    "can_restrict_members",
    "can_promote_members",
    "can_manage_video_chats",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
CHANNEL_ADMIN_RIGHTS = ("can_post_messages", "can_edit_messages")
GROUP_ADMIN_RIGHTS = ("can_pin_messages",)
MEMBER_RIGHTS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
)


class ChatType(StrEnum):
    PRIVATE = "private"
    GROUP = "group"  #: a basic group: shares the account's sequence of message ids with private chats
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class MemberStatus(StrEnum):
    """The status of a ChatMember in the Bot API."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    KICKED = "kicked"


PRESENT_STATUSES = frozenset(
    {MemberStatus.CREATOR, MemberStatus.ADMINISTRATOR, MemberStatus.MEMBER, MemberStatus.RESTRICTED}
)


@dataclass(slots=True)
class User:
    """A person, or the bot."""

    id: int
    first_name: str
    username: str = ""
    language_code: str = ""
    is_bot: bool = False
    deactivated: bool = False  #: the account is deleted

    def to_json(self) -> dict[str, Any]:
        user: dict[str, Any] = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username:
            user["username"] = self.username
        if self.language_code:
            user["language_code"] = self.language_code
        return user


@dataclass(frozen=True, slots=True)
class Member:
    """A user's status in a chat; `rights` count for administrators and restricted members."""

    status: MemberStatus
    rights: frozenset[str] = frozenset()


@dataclass(slots=True)
class Chat:
    """A private chat (its id is the person's), a group, a supergroup or a channel."""

    id: int
    kind: ChatType
    title: str
    username: str = ""
    members: dict[int, Member] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset(MEMBER_RIGHTS)  #: what ordinary members may do
    protected: bool = False  #: nothing may be forwarded or saved
    started: bool = False  #: private: the person has pressed Start
    blocked: bool = False  #: private: the person has blocked the bot
    deleted: bool = False  #: the group or channel is gone
    migrated_to: int = 0  #: the supergroup that a basic group became
    pinned: list[int] = field(default_factory=list)
    last_message_id: int = 0  #: in the chat's own sequence

    def get_member(self, user_id: int) -> Member:
        """The user's membership; LEFT for users who were never members."""
        return self.members.get(user_id, Member(MemberStatus.LEFT))

    def has_right(self, user_id: int, right: str) -> bool:
        """Whether the user has that right as owner, administrator or (in groups) member."""
        member = self.get_member(user_id)
        if member.status == MemberStatus.CREATOR:
            return True
        if member.status in (MemberStatus.ADMINISTRATOR, MemberStatus.RESTRICTED):
            return right in member.rights
        return (
            member.status == MemberStatus.MEMBER and self.kind != ChatType.CHANNEL and right in self.allowed
        )

    def to_json(self) -> dict[str, Any]:
        chat: dict[str, Any] = {"id": self.id, "type": self.kind.value}
        chat["first_name" if self.kind == ChatType.PRIVATE else "title"] = self.title
        if self.username:
            chat["username"] = self.username
        return chat


class ChatDirectory:
    """All users and chats, by id and by @username."""

    def __init__(self, bot: User) -> None:
        self.bot = bot
        self.users: dict[int, User] = {bot.id: bot}
        self.by_id: dict[int, Chat] = {}
        self._names: dict[str, int] = {}

    def add_user(self, user: User) -> Chat:
        """Add a user; returns their private chat with the bot, not yet started."""
        self.users[user.id] = user
        return self.add(Chat(user.id, ChatType.PRIVATE, user.first_name, user.username))

    def add(self, chat: Chat) -> Chat:
        self.by_id[chat.id] = chat
        if chat.username:
            self._names[chat.username.lower()] = chat.id
        return chat

    def set_username(self, chat: Chat, username: str) -> None:
        """Give the chat this @username ("" for none), and take it from another chat."""
        self._names.pop(chat.username.lower(), None)
        if other := self.by_id.get(self._names.get(username.lower(), 0)):
            other.username = ""
        chat.username = username
        if username:
            self._names[username.lower()] = chat.id

    def next_free_id(self, wanted: int, step: int) -> int:
        """`wanted`, or the next unused id in steps of `step`."""
        while wanted in self.by_id or wanted in self.users:
            wanted += step
        return wanted

    def find(self, given: str) -> Chat:
        """The chat with this id or @username. Raises ApiError."""
        if not given:
            raise bad_request("chat_id is empty")
        if given[0] == "@":
            chat_id = self._names.get(given[1:].lower())
            # bots find channels and supergroups by @username, never people
            found = None if chat_id is None or chat_id > 0 else self.by_id[chat_id]
        else:
            found = self.by_id.get(_parse_id(given))
        if found is None:
            raise bad_request("chat not found")
        return found


def _parse_id(given: str) -> int:
    try:
        return int(given)
    except ValueError:
        return 0
