"""editMessageText, editMessageCaption, editMessageMedia and editMessageReplyMarkup."""

from dataclasses import replace

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram import compose
from bot.sandbox.telegram.keyboards import read_keyboard
from bot.sandbox.telegram.messages import Content, Json, Message
from bot.sandbox.telegram.methods.targets import chat_to_edit, find_message
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.photos import read_photo
from bot.sandbox.telegram.rights import check_editable
from bot.sandbox.telegram.state import TelegramState

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup "
    "are exactly the same as a current content and reply markup of the message"
)


def edit_message_text(state: TelegramState, params: Params) -> Json:
    plain, entities = compose.read_text(params)
    preview = compose.read_preview(params)
    markup = read_keyboard(params)
    message = message_to_edit(state, params)
    if message.content.photo:
        raise bad_request("there is no text in the message to edit")
    text = compose.clean_text(plain, entities, compose.EDITED_TEXT)
    return apply_edit(state, message, Content(text, markup=markup, preview=preview))


def edit_message_caption(state: TelegramState, params: Params) -> Json:
    markup = read_keyboard(params)
    plain, entities = compose.read_caption(params)
    message = message_to_edit(state, params)
    if not message.content.photo:
        raise bad_request("there is no caption in the message to edit")
    text = compose.clean_text(plain, entities, compose.EDITED_CAPTION, empty=True)
    above = params.flag("show_caption_above_media")
    return apply_edit(state, message, replace(message.content, text=text, markup=markup, above=above))


def edit_message_media(state: TelegramState, params: Params) -> Json:
    markup = read_keyboard(params)
    media = params.json_value("media", "can't parse input media JSON object")
    if not isinstance(media, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    if media.get("type") != "photo":
        raise bad_request(f'can\'t parse InputMedia: type "{media.get("type")}" is unsupported')
    if not media.get("media"):
        raise bad_request("can't parse InputMedia: media not found")
    caption, parse_mode = str(media.get("caption") or ""), str(media.get("parse_mode") or "")
    plain, entities = compose.parse_text(caption, parse_mode, media.get("caption_entities"))
    photo = read_photo(state, params, "media", media["media"])
    message = message_to_edit(state, params)
    text = compose.clean_text(plain, entities, compose.EDITED_CAPTION, empty=True)
    above = bool(media.get("show_caption_above_media"))
    return apply_edit(state, message, Content(text, photo, markup, above=above))


def edit_message_reply_markup(state: TelegramState, params: Params) -> Json:
    markup = read_keyboard(params)
    message = message_to_edit(state, params)
    return apply_edit(state, message, replace(message.content, markup=markup))


def message_to_edit(state: TelegramState, params: Params) -> Message:
    """The message to edit, counted against the limits."""
    if not params.has("chat_id") and not params.has("message_id"):
        raise bad_request("inline message identifier is not specified")
    chat = chat_to_edit(state, params)
    state.check_limits(chat, paid=params.flag("allow_paid_broadcast"))
    message = find_message(state, chat, params, "edit")
    check_editable(message, state.bot)
    return message


def apply_edit(state: TelegramState, message: Message, content: Content) -> Json:
    """Apply the new content. Raises ApiError if it is the same as the old one."""
    if message.content.same_as(content):
        raise bad_request(NOT_MODIFIED)
    message.edit(content, state.clock.now(), state.bot.id)
    state.log_message("edited", message)
    return message.to_json()
