"""python-telegram-bot itself against the fake Telegram, in process and over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from telegram import (
    Bot,
    BotCommand,
    ChatMemberAdministrator,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    MessageEntity,
    MessageOriginChannel,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes

from bot.sandbox.telegram.event_log import Event
from bot.sandbox.telegram.faults import FLOOD
from bot.sandbox.telegram.messages import Message
from bot.sandbox.transport.http_server import create_app
from bot.sandbox.transport.in_process import InProcessRequest
from tests.bot.sandbox.conftest import Harness
from tests.bot.sandbox.test_photos import png

KEYS = InlineKeyboardMarkup([[InlineKeyboardButton("More", callback_data="more")]])


@pytest.fixture(params=["in process", "over HTTP"])
async def bot(request: pytest.FixtureRequest, harness: Harness) -> AsyncIterator[Bot]:
    if request.param == "in process":
        async with Bot(
            harness.telegram.token,
            request=InProcessRequest(harness.telegram),
            get_updates_request=InProcessRequest(harness.telegram),
        ) as bot:
            yield bot
        return
    async with (
        TestServer(create_app(harness.telegram)) as server,
        Bot(harness.telegram.token, base_url=f"{server.make_url('/')}bot") as bot,
    ):
        yield bot


async def test_a_post_with_everything_is_understood(harness: Harness, bot: Bot) -> None:
    message = await bot.send_message(
        "@daily",
        '<b>Bold</b> <a href="https://example.org/1">link</a> #tag',
        parse_mode="HTML",
        link_preview_options=LinkPreviewOptions(url="https://example.org/1", prefer_large_media=True),
        reply_markup=KEYS,
        disable_notification=True,
        protect_content=True,
    )
    assert message.text_html == '<b>Bold</b> <a href="https://example.org/1">link</a> #tag'
    assert message.parse_entities([MessageEntity.HASHTAG]) == {message.entities[-1]: "#tag"}
    assert message.reply_markup == KEYS
    assert message.link_preview_options is not None
    assert message.link_preview_options.prefer_large_media
    assert message.has_protected_content


async def test_edits_deletions_and_replies_are_understood(harness: Harness, bot: Bot) -> None:
    post = await bot.send_message(harness.channel.id, "One")
    edited = await bot.edit_message_text("Two", harness.channel.id, post.id)
    assert isinstance(edited, type(post))
    assert edited.edit_date
    reply = await bot.send_message(harness.channel.id, "x", reply_parameters=ReplyParameters(post.id))
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.text == "Two"
    assert await bot.set_message_reaction(harness.channel.id, post.id, [])
    assert await bot.delete_message(harness.channel.id, post.id)
    assert await bot.delete_messages(harness.channel.id, [post.id, reply.id])


async def test_photos_forwards_and_copies_are_understood(harness: Harness, bot: Bot) -> None:
    photo = await bot.send_photo(
        harness.channel.id, "https://example.org/a.png", caption="<i>x</i>", parse_mode="HTML"
    )
    assert photo.caption_html == "<i>x</i>"
    upload = await bot.send_photo(harness.channel.id, png(30, 20))
    assert upload.photo[-1].width == 30
    media = InputMediaPhoto(png(40, 20), caption="new")
    edited = await bot.edit_message_media(media, harness.channel.id, upload.id)
    assert isinstance(edited, type(upload))
    assert edited.photo[-1].width == 40
    assert (await bot.edit_message_caption(harness.channel.id, photo.id, caption="y")).caption == "y"  # type: ignore[union-attr]
    assert await bot.edit_message_reply_markup(harness.channel.id, photo.id, reply_markup=KEYS)
    forward = await bot.forward_message(harness.reader.id, harness.channel.id, photo.id)
    assert isinstance(forward.forward_origin, MessageOriginChannel)
    assert (
        await bot.copy_message(harness.reader.id, harness.channel.id, photo.id)
    ).message_id == forward.id + 1


async def test_chats_members_and_profile_are_understood(harness: Harness, bot: Bot) -> None:
    assert (await bot.get_me()).username == "newswire_bot"
    assert (await bot.get_chat("@daily")).title == "Daily"
    member = await bot.get_chat_member(harness.channel.id, bot.id)
    assert isinstance(member, ChatMemberAdministrator)
    assert member.can_post_messages
    assert not member.can_edit_messages
    assert len(await bot.get_chat_administrators(harness.channel.id)) == 2
    assert await bot.get_chat_member_count(harness.channel.id) == 2
    group = harness.telegram.add_group("Desk", [harness.reader.id])
    assert (await bot.get_chat(group.id)).permissions is not None
    assert await bot.set_my_commands([BotCommand("latest", "The newest")], language_code="my")
    assert (await bot.get_my_commands(language_code="my"))[0].command == "latest"
    assert await bot.set_my_description("A desk")
    assert (await bot.get_my_description()).description == "A desk"
    assert await bot.send_chat_action(harness.reader.id, "typing")
    assert (await bot.get_webhook_info()).pending_update_count == 0


async def test_refusals_become_the_right_exceptions(harness: Harness, bot: Bot) -> None:
    group, supergroup = harness.telegram.add_group("Desk"), harness.telegram.add_supergroup("Desk")
    harness.telegram.upgrade(group.id, supergroup.id)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.id, "x")
    assert moved.value.new_chat_id == supergroup.id
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(harness.channel.id, "x" * 5000)
    harness.telegram.block(harness.reader.id)
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(harness.reader.id, "x")
    harness.telegram.faults.script(FLOOD)
    with pytest.raises(RetryAfter) as flood:
        await bot.send_message(harness.channel.id, "x")
    assert flood.value.retry_after.total_seconds() == 3  # type: ignore[union-attr]
    harness.telegram.token = "7:other"
    with pytest.raises(InvalidToken):
        await bot.get_me()


async def test_every_kind_of_update_is_understood(harness: Harness, bot: Bot) -> None:
    telegram, reader = harness.telegram, harness.reader.id
    group = telegram.add_group("Desk", [reader])
    mine = await bot.send_message(reader, "x", reply_markup=KEYS)
    telegram.say(reader, reader, "/latest 5", reply_to=mine.id)
    telegram.press(reader, reader, mine.id, "More")
    telegram.post(harness.channel.id, "by hand")
    telegram.forward(reader, reader, harness.channel.id, 2)
    telegram.block(reader)
    telegram.unblock(reader)
    telegram.leave(reader, group.id)
    telegram.join(reader, group.id)
    telegram.rename(harness.channel.id, "Weekly")
    telegram.ask(reader, "harbour")
    updates = await bot.get_updates(allowed_updates=Update.ALL_TYPES)
    seen = [
        update.effective_message or update.callback_query or update.my_chat_member or update.inline_query
        for update in updates
    ]
    assert all(seen)
    assert len(seen) == 10
    assert updates[0].message is not None
    assert updates[0].message.reply_to_message is not None


async def test_a_webhook_makes_polling_a_conflict(harness: Harness, bot: Bot) -> None:
    assert await bot.set_webhook("https://bot.example.org/", secret_token="s")
    with pytest.raises(Conflict):
        await bot.get_updates()
    assert await bot.delete_webhook()


async def test_an_application_polls_answers_and_edits(harness: Harness) -> None:
    """The whole of python-telegram-bot: updater, handlers, callback queries."""

    async def latest(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_text("<b>1.</b> Harbour reopens", parse_mode="HTML", reply_markup=KEYS)

    async def more(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.callback_query is not None
        await update.callback_query.edit_message_text("<b>2.</b> Bridge closed", parse_mode="HTML")
        await update.callback_query.answer("Here")

    telegram, reader = harness.telegram, harness.reader.id
    requests = InProcessRequest(telegram), InProcessRequest(telegram)
    builder = (
        Application.builder().token(telegram.token).request(requests[0]).get_updates_request(requests[1])
    )
    application: Any = builder.build()
    application.add_handlers([CommandHandler("latest", latest), CallbackQueryHandler(more)])
    async with application:
        await application.start()
        await application.updater.start_polling()
        events = telegram.follow_events(after=0)
        telegram.say(reader, reader, "/latest")
        answer = await message_by(events, telegram.bot.id)
        query = telegram.press(reader, reader, answer.id, "More")
        async for event in events:
            if event.kind == "callback_answered":
                break
        await application.updater.stop()
        await application.stop()
    assert answer.content.text.plain == "2. Bridge closed"
    assert telegram.query_answer(query) == {"text": "Here", "show_alert": False, "url": ""}


async def message_by(events: AsyncIterator[Event], user_id: int) -> Message:
    """The next new message of that author."""
    async for event in events:
        if event.kind == "message" and event.details["message"].author.id == user_id:
            found: Message = event.details["message"]
            return found
    raise AssertionError("events never end")
