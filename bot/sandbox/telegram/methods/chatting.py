"""setMessageReaction, sendChatAction, pinChatMessage, unpinChatMessage and leaveChat."""

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram.chat_factory import add_service_message
from bot.sandbox.telegram.chats import ChatType, Member, MemberStatus
from bot.sandbox.telegram.methods.targets import chat_to_read, chat_to_write, find_message
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.rights import check_pin
from bot.sandbox.telegram.state import TelegramState

ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
EMOJI = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡"
)


def set_message_reaction(state: TelegramState, params: Params) -> bool:
    """An empty list removes the reactions, and so shows whether a message exists."""
    given = params.json_value("reaction", "can't parse reaction types JSON object") or []
    if not isinstance(given, list):
        raise bad_request("can't parse reaction types JSON object: expected an Array")
    for reaction in given:
        emoji = str(reaction.get("emoji", "")).removesuffix("\ufe0f") if isinstance(reaction, dict) else ""
        if emoji not in EMOJI:
            raise bad_request("REACTION_INVALID")
    message = find_message(state, chat_to_read(state, params), params, "react")
    if given:
        state.event_log.append(
            state.clock.now(), "reaction", message.chat.id, message.id, reaction=given[0]["emoji"]
        )
    return True


def send_chat_action(state: TelegramState, params: Params) -> bool:
    if params.text("action").lower() not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = chat_to_write(state, params)
    state.event_log.append(state.clock.now(), "typing", chat.id, action=params.text("action"))
    return True


def pin_chat_message(state: TelegramState, params: Params) -> bool:
    """Pinning adds a service message, which takes an id and which the bot gets as an update."""
    chat = chat_to_write(state, params)
    message = find_message(state, chat, params, "pin")
    check_pin(chat, state.bot)
    if message.service:
        raise bad_request("a service message can't be pinned")
    if message.id in chat.pinned:
        return True
    chat.pinned.append(message.id)
    notice = add_service_message(
        state, chat, state.bot, {"pinned_message": message.to_json(with_reply=False)}
    )
    kind = "channel_post" if chat.kind == ChatType.CHANNEL else "message"
    state.updates.put(kind, notice.to_json())
    return True


def unpin_chat_message(state: TelegramState, params: Params) -> bool:
    chat = chat_to_write(state, params)
    check_pin(chat, state.bot)
    message_id = params.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    return True


def leave_chat(state: TelegramState, params: Params) -> bool:
    chat = chat_to_read(state, params)
    if chat.kind == ChatType.PRIVATE:
        raise bad_request("chat member status can't be changed in private chats")
    chat.members[state.bot.id] = Member(MemberStatus.LEFT)
    return True
