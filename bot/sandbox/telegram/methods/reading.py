"""getMe, getChat, getChatMember, getChatAdministrators and getChatMemberCount."""

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram.chats import (
    ADMIN_RIGHTS,
    CHANNEL_ADMIN_RIGHTS,
    GROUP_ADMIN_RIGHTS,
    MEMBER_RIGHTS,
    PRESENT_STATUSES,
    Chat,
    ChatType,
    Member,
    MemberStatus,
    User,
)
from bot.sandbox.telegram.messages import Json
from bot.sandbox.telegram.methods.targets import chat_to_read
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import TelegramState


def get_me(state: TelegramState, params: Params) -> Json:
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return state.bot.to_json() | abilities


def get_chat(state: TelegramState, params: Params) -> Json:
    chat = chat_to_read(state, params)
    full = chat.to_json() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            (
                "unlimited_gifts",
                "limited_gifts",
                "unique_gifts",
                "premium_subscription",
                "gifts_from_channels",
            ),
            False,
        ),
    }
    if chat.username:
        full["active_usernames"] = [chat.username]
    if chat.kind in (ChatType.GROUP, ChatType.SUPERGROUP):
        full["permissions"] = {right: right in chat.allowed for right in MEMBER_RIGHTS}
    if chat.protected:
        full["has_protected_content"] = True
    pinned = [found for number in chat.pinned if (found := state.messages.find(chat, number))]
    if pinned:
        full["pinned_message"] = pinned[-1].to_json()
    return full


def get_chat_member(state: TelegramState, params: Params) -> Json:
    chat = chat_to_read(state, params)
    user = state.chats.users.get(params.integer("user_id"))
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if chat.kind == ChatType.PRIVATE and user.id in (chat.id, state.bot.id):
        return member_json(chat, user, Member(MemberStatus.MEMBER))
    return member_json(chat, user, chat.get_member(user.id))


def get_chat_administrators(state: TelegramState, params: Params) -> list[Json]:
    chat = chat_to_read(state, params)
    if chat.kind == ChatType.PRIVATE:
        raise bad_request("there are no administrators in the private chat")
    return [
        member_json(chat, state.chats.users[user_id], member)
        for user_id, member in chat.members.items()
        if member.status in (MemberStatus.CREATOR, MemberStatus.ADMINISTRATOR)
    ]


def get_chat_member_count(state: TelegramState, params: Params) -> int:
    chat = chat_to_read(state, params)
    if chat.kind == ChatType.PRIVATE:
        return 2
    return sum(member.status in PRESENT_STATUSES for member in chat.members.values())


def member_json(chat: Chat, user: User, member: Member) -> Json:
    """The Bot API's ChatMember."""
    given: Json = {"user": user.to_json(), "status": member.status.value}
    match member.status:
        case MemberStatus.CREATOR:
            given["is_anonymous"] = False
        case MemberStatus.ADMINISTRATOR:
            extra = CHANNEL_ADMIN_RIGHTS if chat.kind == ChatType.CHANNEL else GROUP_ADMIN_RIGHTS
            given |= {right: right in member.rights for right in (*ADMIN_RIGHTS, *extra)}
            given |= {"is_anonymous": False, "can_be_edited": False, "can_manage_chat": True}
        case MemberStatus.RESTRICTED:
            given |= {right: right in member.rights for right in MEMBER_RIGHTS}
            given |= {"is_member": True, "until_date": 0}
        case MemberStatus.KICKED:
            given["until_date"] = 0
    return given
