"""sendMessage, sendPhoto, forwardMessage and copyMessage."""

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram import compose
from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.keyboards import read_keyboard
from bot.sandbox.telegram.messages import Content, Json, Message, forward_origin
from bot.sandbox.telegram.methods.targets import chat_to_read, chat_to_write, find_message
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.photos import read_photo
from bot.sandbox.telegram.rights import check_post
from bot.sandbox.telegram.state import TelegramState


def send_message(state: TelegramState, params: Params) -> Json:
    plain, entities = compose.read_text(params)
    preview = compose.read_preview(params)
    markup = read_keyboard(params)
    chat = chat_to_write(state, params)
    reply_to = find_replied(state, chat, params)
    check_post(chat, state.bot, "can_send_messages")
    text = compose.clean_text(plain, entities, compose.SENT_TEXT)
    return add_message(state, chat, params, Content(text, markup=markup, preview=preview), reply_to).to_json()


def send_photo(state: TelegramState, params: Params) -> Json:
    plain, entities = compose.read_caption(params)
    photo = read_photo(state, params, "photo")
    markup = read_keyboard(params)
    chat = chat_to_write(state, params)
    reply_to = find_replied(state, chat, params)
    check_post(chat, state.bot, "can_send_photos")
    text = compose.clean_text(plain, entities, compose.SENT_CAPTION, empty=True)
    content = Content(text, photo, markup, above=params.flag("show_caption_above_media"))
    return add_message(state, chat, params, content, reply_to).to_json()


def forward_message(state: TelegramState, params: Params) -> Json:
    message = find_message(state, chat_to_read(state, params, "from_chat_id"), params, "forward")
    chat = chat_to_write(state, params)
    if message.protected or message.chat.protected:
        raise bad_request("message has protected content and can't be forwarded")
    if message.service:
        raise bad_request("the message can't be forwarded")
    content = Content(
        message.content.text, message.content.photo, None, message.content.preview, message.content.above
    )
    check_post(chat, state.bot, "can_send_photos" if content.photo else "can_send_messages")
    return add_message(state, chat, params, content, origin=forward_origin(message)).to_json()


def copy_message(state: TelegramState, params: Params) -> Json:
    message = find_message(state, chat_to_read(state, params, "from_chat_id"), params, "copy")
    markup = read_keyboard(params)
    chat = chat_to_write(state, params)
    if message.protected or message.chat.protected or message.service:
        raise bad_request("the message can't be copied")
    old = message.content
    text = old.text
    if old.photo and params.has("caption"):
        text = compose.clean_text(*compose.read_caption(params), compose.SENT_CAPTION, empty=True)
    check_post(chat, state.bot, "can_send_photos" if old.photo else "can_send_messages")
    reply_to = find_replied(state, chat, params)
    content = Content(text, old.photo, markup, old.preview, old.above)
    return {"message_id": add_message(state, chat, params, content, reply_to).id}


def add_message(
    state: TelegramState,
    chat: Chat,
    params: Params,
    content: Content,
    reply_to: Message | None = None,
    origin: Json | None = None,
) -> Message:
    """Count a message against the limits and add it to the chat. Raises ApiError with 429."""
    state.check_limits(chat, paid=params.flag("allow_paid_broadcast"))
    message = Message(
        chat=chat,
        id=state.messages.next_id(chat),
        at=state.clock.now(),
        author=state.bot,
        content=content,
        origin=origin,
        reply_to=reply_to,
        silent=params.flag("disable_notification"),
        protected=params.flag("protect_content"),
        effect=params.text("message_effect_id"),
    )
    state.messages.add(message)
    state.log_message("message", message)
    return message


def find_replied(state: TelegramState, chat: Chat, params: Params) -> Message | None:
    """The message in reply_parameters, or in the older reply_to_message_id."""
    given = params.json_value("reply_parameters", "can't parse reply parameters JSON object")
    if given is None:
        given = {"message_id": params.integer("reply_to_message_id")}
        given["allow_sending_without_reply"] = params.flag("allow_sending_without_reply")
    if not isinstance(given, dict):
        raise bad_request("object expected as reply parameters")
    message_id = int(given.get("message_id") or 0)
    if not message_id:
        return None
    place = state.chats.find(str(given["chat_id"])) if given.get("chat_id") else chat
    message = state.messages.find(place, message_id)
    if message is None and not given.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return message
