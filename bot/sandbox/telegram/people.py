"""Actions of people: they write, press buttons, forward, reply, block the bot, join and leave."""

from typing import Any

from bot.sandbox.formatting import entity_detection
from bot.sandbox.formatting.entities import Entity, add_detected, format_text
from bot.sandbox.telegram.chat_factory import OWNER_ID, add_service_message
from bot.sandbox.telegram.chats import Chat, ChatType, Member, MemberStatus, User
from bot.sandbox.telegram.messages import Content, Json, Message, forward_origin
from bot.sandbox.telegram.methods.reading import member_json
from bot.sandbox.telegram.state import PendingQuery, TelegramState


class UserActions:
    """What people do in chats, and the updates that the bot gets. Raises LookupError for unknown ids."""

    def __init__(self, state: TelegramState) -> None:
        self._state = state

    def say(
        self,
        user_id: int,
        chat_id: int,
        text: str,
        *,
        reply_to: int = 0,
        entities: tuple[Entity, ...] = (),
    ) -> Message:
        """A person writes in a private chat or a group. Writing to a blocked bot unblocks it."""
        chat, user = self._get_chat(chat_id), self._get_user(user_id)
        if chat.kind == ChatType.PRIVATE:
            chat.started = True
            if chat.blocked:
                self.unblock(user_id)
        kept = format_text(text, entities)
        content = Content(add_detected(kept, entity_detection.detect_entities(kept.plain)))
        return self._add_message(
            chat, user, content, reply_to=self._get_message(chat, reply_to) if reply_to else None
        )

    def press(self, user_id: int, chat_id: int, message_id: int, button: str) -> str:
        """A person presses the button with this label or callback data; returns the query's id."""
        message = self._get_message(self._get_chat(chat_id), message_id)
        pressed = _find_button(message.content.markup, button)
        state, user = self._state, self._get_user(user_id)
        query_id = str(state.rng.getrandbits(62))
        state.queries[query_id] = PendingQuery(query_id, user_id, state.clock.monotonic())
        query: Json = {"id": query_id, "from": user.to_json(), "message": message.to_json()}
        query |= {"chat_instance": str(abs(chat_id)), "data": pressed["callback_data"]}
        self._queue_update("callback_query", query)
        return query_id

    def forward(self, user_id: int, to_chat_id: int, from_chat_id: int, message_id: int) -> Message:
        """A person forwards a message, such as a channel's post, to a chat with the bot."""
        message = self._get_message(self._get_chat(from_chat_id), message_id)
        content = Content(message.content.text, message.content.photo, None, message.content.preview)
        chat = self._get_chat(to_chat_id)
        if chat.kind == ChatType.PRIVATE:
            chat.started = True
        return self._add_message(chat, self._get_user(user_id), content, origin=forward_origin(message))

    def post(self, chat_id: int, text: str, *, author_id: int = OWNER_ID) -> Message:
        """A colleague posts in the channel by hand."""
        kept = format_text(text)
        content = Content(add_detected(kept, entity_detection.detect_entities(kept.plain)))
        return self._add_message(self._get_chat(chat_id), self._get_user(author_id), content)

    def change(self, chat_id: int, message_id: int, text: str) -> None:
        """A person edits a message by hand."""
        message = self._get_message(self._get_chat(chat_id), message_id)
        kept = format_text(text)
        content = Content(
            add_detected(kept, entity_detection.detect_entities(kept.plain)), message.content.photo
        )
        message.edit(content, self._state.clock.now(), message.author.id)
        self._state.log_message("edited", message)
        if message.author.id != self._state.bot.id:
            kind = "edited_channel_post" if message.chat.kind == ChatType.CHANNEL else "edited_message"
            self._queue_update(kind, message.to_json())

    def delete(self, chat_id: int, message_id: int) -> None:
        """A person deletes a message by hand. The bot gets no update."""
        message = self._get_message(self._get_chat(chat_id), message_id)
        message.delete(self._state.clock.now(), OWNER_ID)
        self._state.log_message("deleted", message)

    def block(self, user_id: int) -> None:
        """A person blocks the bot."""
        chat = self._get_chat(user_id)
        chat.blocked = True
        self._queue_status_change(
            chat, self._get_user(user_id), Member(MemberStatus.MEMBER), Member(MemberStatus.KICKED)
        )

    def unblock(self, user_id: int) -> None:
        chat = self._get_chat(user_id)
        chat.blocked = False
        self._queue_status_change(
            chat, self._get_user(user_id), Member(MemberStatus.KICKED), Member(MemberStatus.MEMBER)
        )

    def deactivate(self, user_id: int) -> None:
        """A person deletes their account."""
        self._get_user(user_id).deactivated = True

    def set_bot(self, chat_id: int, standing: MemberStatus, rights: tuple[str, ...] = ()) -> None:
        """An administrator adds, promotes, demotes or kicks the bot."""
        chat, new = self._get_chat(chat_id), Member(standing, frozenset(rights))
        old = chat.get_member(self._state.bot.id)
        chat.members[self._state.bot.id] = new
        self._queue_status_change(chat, self._get_user(OWNER_ID), old, new)

    def join(self, user_id: int, chat_id: int) -> None:
        """A person joins a group or channel."""
        self._change_membership(user_id, chat_id, Member(MemberStatus.MEMBER), "new_chat_members")

    def leave(self, user_id: int, chat_id: int) -> None:
        self._change_membership(user_id, chat_id, Member(MemberStatus.LEFT), "left_chat_member")

    def rename(self, chat_id: int, title: str) -> Message:
        """An administrator changes the title of a chat; returns the service message."""
        chat = self._get_chat(chat_id)
        chat.title = title
        return self._add_service_message(chat, self._get_user(OWNER_ID), {"new_chat_title": title})

    def rename_bot(self, username: str) -> None:
        """The bot's owner changes its @username at @BotFather. The bot gets no update."""
        self._state.bot.username = username

    def set_username(self, chat_id: int, username: str) -> None:
        """A chat's owner gives it this @username ("" for none), which another chat loses."""
        self._state.chats.set_username(self._get_chat(chat_id), username)

    def pin(self, chat_id: int, message_id: int) -> Message:
        """An administrator pins a message; returns the service message."""
        chat = self._get_chat(chat_id)
        message = self._get_message(chat, message_id)
        chat.pinned.append(message_id)
        return self._add_service_message(
            chat, self._get_user(OWNER_ID), {"pinned_message": message.to_json(with_reply=False)}
        )

    def upgrade(self, chat_id: int, supergroup_id: int) -> None:
        """A basic group is upgraded to a supergroup that was added before."""
        group, supergroup = self._get_chat(chat_id), self._get_chat(supergroup_id)
        self._add_service_message(group, self._get_user(OWNER_ID), {"migrate_to_chat_id": supergroup.id})
        group.migrated_to = supergroup.id
        self._add_service_message(supergroup, self._get_user(OWNER_ID), {"migrate_from_chat_id": group.id})

    def dissolve(self, chat_id: int) -> None:
        """The owner deletes a group or channel."""
        self._get_chat(chat_id).deleted = True

    def ask(self, user_id: int, text: str) -> str:
        """A person types `@bot text` in some chat; returns the inline query's id."""
        state = self._state
        query_id = str(state.rng.getrandbits(62))
        state.queries[query_id] = PendingQuery(query_id, user_id, state.clock.monotonic())
        query: Json = {"id": query_id, "from": self._get_user(user_id).to_json(), "query": text, "offset": ""}
        self._queue_update("inline_query", query)
        return query_id

    def inject(self, update: Json) -> int:
        """Queue an update unchecked, as a hostile client forges it or out of order; returns its id."""
        number = self._state.updates.put_raw(update)
        kind = next((name for name in update if name != "update_id"), "")
        self._state.event_log.append(self._state.clock.now(), "update", update=kind, update_id=number)
        return number

    def _add_message(self, chat: Chat, user: User, content: Content, **more: Any) -> Message:
        state = self._state
        message = Message(chat, state.messages.next_id(chat), state.clock.now(), user, content, **more)
        state.messages.add(message)
        state.log_message("message", message)
        if _bot_can_see(message, state.bot):
            self._queue_update(
                "channel_post" if chat.kind == ChatType.CHANNEL else "message", message.to_json()
            )
        return message

    def _add_service_message(self, chat: Chat, user: User, service: Json) -> Message:
        message = add_service_message(self._state, chat, user, service)
        self._queue_update("channel_post" if chat.kind == ChatType.CHANNEL else "message", message.to_json())
        return message

    def _change_membership(self, user_id: int, chat_id: int, new: Member, field: str) -> None:
        chat, user = self._get_chat(chat_id), self._get_user(user_id)
        change = self._member_update(chat, user, user, chat.get_member(user_id), new)
        chat.members[user_id] = new
        if chat.kind != ChatType.CHANNEL:
            given = user.to_json()
            self._add_service_message(chat, user, {field: [given] if field.endswith("s") else given})
        self._queue_update("chat_member", change)

    def _queue_status_change(self, chat: Chat, actor: User, old: Member, new: Member) -> None:
        self._queue_update("my_chat_member", self._member_update(chat, actor, self._state.bot, old, new))

    def _member_update(self, chat: Chat, actor: User, whose: User, old: Member, new: Member) -> Json:
        return {
            "chat": chat.to_json(),
            "from": actor.to_json(),
            "date": int(self._state.clock.now().timestamp()),
            "old_chat_member": member_json(chat, whose, old),
            "new_chat_member": member_json(chat, whose, new),
        }

    def _queue_update(self, kind: str, content: Json) -> None:
        number = self._state.updates.put(kind, content)
        if number:
            self._state.event_log.append(self._state.clock.now(), "update", update=kind, update_id=number)

    def _get_chat(self, chat_id: int) -> Chat:
        return self._state.chats.by_id[chat_id]

    def _get_user(self, user_id: int) -> User:
        return self._state.chats.users[user_id]

    def _get_message(self, chat: Chat, message_id: int) -> Message:
        message = self._state.messages.find(chat, message_id)
        if message is None:
            raise LookupError(f"chat {chat.id} has no message {message_id}")
        return message


def _find_button(markup: Json | None, button: str) -> Json:
    for row in (markup or {}).get("inline_keyboard", ()):
        for candidate in row:
            if button in (candidate["text"], candidate.get("callback_data")) and "callback_data" in candidate:
                found_button: Json = candidate
                return found_button
    raise LookupError(f"no button {button!r} to press")


def _bot_can_see(message: Message, bot: User) -> bool:
    """Privacy mode: in groups only administrators get all messages, other bots those meant for them."""
    chat = message.chat
    standing = chat.get_member(bot.id).status
    if chat.kind == ChatType.PRIVATE:
        return True
    if standing == MemberStatus.ADMINISTRATOR:
        return True
    if chat.kind == ChatType.CHANNEL or standing not in (MemberStatus.MEMBER, MemberStatus.RESTRICTED):
        return False
    if message.reply_to and message.reply_to.author.id == bot.id:
        return True
    text = message.content.text
    if f"@{bot.username}".lower() in text.plain.lower():
        return True
    commands = [e for e in text.entities if e.type == "bot_command"]
    return any("@" not in text.plain[e.offset : e.end] for e in commands)
