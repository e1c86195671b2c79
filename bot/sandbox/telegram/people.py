"""What do people do? They write, press buttons, forward, reply, block the bot, come and go."""

from typing import Any

from bot.sandbox.formatting import entity_detection
from bot.sandbox.formatting.entities import Entity, formatted, with_found
from bot.sandbox.telegram.chats import Chat, Kind, Member, Standing, User
from bot.sandbox.telegram.founding import OWNER_ID, service_message
from bot.sandbox.telegram.messages import Content, Json, Message
from bot.sandbox.telegram.messages import origin_of as origin_of  # sight.py asks people
from bot.sandbox.telegram.methods.reading import member_json
from bot.sandbox.telegram.state import Cloud, Query


class People:
    """The other side of the chats. Chats and people are named by their ids; wrong ones raise LookupError."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def say(
        self,
        user_id: int,
        chat_id: int,
        text: str,
        *,
        reply_to: int = 0,
        entities: tuple[Entity, ...] = (),
    ) -> Message:
        """A person writes into a private chat or a group. Writing to a bot that one blocked unblocks it."""
        chat, user = self._chat(chat_id), self._user(user_id)
        if chat.kind == Kind.PRIVATE:
            chat.started = True
            if chat.blocked:
                self.unblock(user_id)
        kept = formatted(text, entities)
        content = Content(with_found(kept, entity_detection.find(kept.plain)))
        return self._say(chat, user, content, reply_to=self._message(chat, reply_to) if reply_to else None)

    def press(self, user_id: int, chat_id: int, message_id: int, button: str) -> str:
        """A person presses the button with this label or callback data; the query's id is the answer."""
        message = self._message(self._chat(chat_id), message_id)
        pressed = _button(message.content.markup, button)
        cloud, user = self._cloud, self._user(user_id)
        query_id = str(cloud.chance.getrandbits(62))
        cloud.queries[query_id] = Query(query_id, user_id, cloud.clock.monotonic())
        query: Json = {"id": query_id, "from": user.to_json(), "message": message.to_json()}
        query |= {"chat_instance": str(abs(chat_id)), "data": pressed["callback_data"]}
        self._update("callback_query", query)
        return query_id

    def forward(self, user_id: int, to_chat_id: int, from_chat_id: int, message_id: int) -> Message:
        """A person forwards a message, most often a channel's post, into a chat with the bot."""
        message = self._message(self._chat(from_chat_id), message_id)
        content = Content(message.content.text, message.content.photo, None, message.content.preview)
        chat = self._chat(to_chat_id)
        if chat.kind == Kind.PRIVATE:
            chat.started = True
        return self._say(chat, self._user(user_id), content, origin=origin_of(message))

    def post(self, chat_id: int, text: str, *, author_id: int = OWNER_ID) -> Message:
        """A colleague posts in the channel by hand."""
        kept = formatted(text)
        content = Content(with_found(kept, entity_detection.find(kept.plain)))
        return self._say(self._chat(chat_id), self._user(author_id), content)

    def change(self, chat_id: int, message_id: int, text: str) -> None:
        """A person edits a message by hand."""
        message = self._message(self._chat(chat_id), message_id)
        kept = formatted(text)
        content = Content(with_found(kept, entity_detection.find(kept.plain)), message.content.photo)
        message.edit(content, self._cloud.clock.now(), message.author.id)
        self._cloud.note("edited", message)
        if message.author.id != self._cloud.bot.id:
            kind = "edited_channel_post" if message.chat.kind == Kind.CHANNEL else "edited_message"
            self._update(kind, message.to_json())

    def delete(self, chat_id: int, message_id: int) -> None:
        """Somebody deletes a message by hand. The bot is not told."""
        message = self._message(self._chat(chat_id), message_id)
        message.delete(self._cloud.clock.now(), OWNER_ID)
        self._cloud.note("deleted", message)

    def block(self, user_id: int) -> None:
        """A person blocks the bot."""
        chat = self._chat(user_id)
        chat.blocked = True
        self._standing(chat, self._user(user_id), Member(Standing.MEMBER), Member(Standing.KICKED))

    def unblock(self, user_id: int) -> None:
        chat = self._chat(user_id)
        chat.blocked = False
        self._standing(chat, self._user(user_id), Member(Standing.KICKED), Member(Standing.MEMBER))

    def deactivate(self, user_id: int) -> None:
        """A person deletes their account."""
        self._user(user_id).deactivated = True

    def set_bot(self, chat_id: int, standing: Standing, rights: tuple[str, ...] = ()) -> None:
        """An administrator adds, promotes, demotes or kicks the bot."""
        chat, new = self._chat(chat_id), Member(standing, frozenset(rights))
        old = chat.member(self._cloud.bot.id)
        chat.members[self._cloud.bot.id] = new
        self._standing(chat, self._user(OWNER_ID), old, new)

    def join(self, user_id: int, chat_id: int) -> None:
        """A person comes into a group or channel."""
        self._come_and_go(user_id, chat_id, Member(Standing.MEMBER), "new_chat_members")

    def leave(self, user_id: int, chat_id: int) -> None:
        self._come_and_go(user_id, chat_id, Member(Standing.LEFT), "left_chat_member")

    def rename(self, chat_id: int, title: str) -> Message:
        """An administrator gives a chat another title: a service message, which takes an id."""
        chat = self._chat(chat_id)
        chat.title = title
        return self._service(chat, self._user(OWNER_ID), {"new_chat_title": title})

    def rename_bot(self, username: str) -> None:
        """The bot's owner gives it another @name at @BotFather. The bot is not told."""
        self._cloud.bot.username = username

    def give_name(self, chat_id: int, username: str) -> None:
        """A chat's owner takes this @name for it, "" for none; whoever had the name has it no more."""
        self._cloud.chats.give_name(self._chat(chat_id), username)

    def pin(self, chat_id: int, message_id: int) -> Message:
        """An administrator pins a message: a service message, which takes an id."""
        chat = self._chat(chat_id)
        message = self._message(chat, message_id)
        chat.pinned.append(message_id)
        return self._service(
            chat, self._user(OWNER_ID), {"pinned_message": message.to_json(with_reply=False)}
        )

    def upgrade(self, chat_id: int, supergroup_id: int) -> None:
        """A basic group becomes the supergroup that was added for it."""
        group, supergroup = self._chat(chat_id), self._chat(supergroup_id)
        self._service(group, self._user(OWNER_ID), {"migrate_to_chat_id": supergroup.id})
        group.moved_to = supergroup.id
        self._service(supergroup, self._user(OWNER_ID), {"migrate_from_chat_id": group.id})

    def dissolve(self, chat_id: int) -> None:
        """A group or channel is deleted by its owner."""
        self._chat(chat_id).deleted = True

    def ask(self, user_id: int, text: str) -> str:
        """A person types `@bot text` in some chat; the inline query's id is the answer."""
        cloud = self._cloud
        query_id = str(cloud.chance.getrandbits(62))
        cloud.queries[query_id] = Query(query_id, user_id, cloud.clock.monotonic())
        query: Json = {"id": query_id, "from": self._user(user_id).to_json(), "query": text, "offset": ""}
        self._update("inline_query", query)
        return query_id

    def inject(self, update: Json) -> int:
        """An update as a hostile client makes it, forged or out of order, comes to the bot; its id."""
        number = self._cloud.updates.put_raw(update)
        kind = next((name for name in update if name != "update_id"), "")
        self._cloud.journal.write(self._cloud.clock.now(), "update", update=kind, update_id=number)
        return number

    def _say(self, chat: Chat, user: User, content: Content, **more: Any) -> Message:
        cloud = self._cloud
        message = Message(chat, cloud.messages.next_id(chat), cloud.clock.now(), user, content, **more)
        cloud.messages.keep(message)
        cloud.note("message", message)
        if _seen(message, cloud.bot):
            self._update("channel_post" if chat.kind == Kind.CHANNEL else "message", message.to_json())
        return message

    def _service(self, chat: Chat, user: User, service: Json) -> Message:
        message = service_message(self._cloud, chat, user, service)
        self._update("channel_post" if chat.kind == Kind.CHANNEL else "message", message.to_json())
        return message

    def _come_and_go(self, user_id: int, chat_id: int, new: Member, word: str) -> None:
        chat, user = self._chat(chat_id), self._user(user_id)
        change = self._change(chat, user, user, chat.member(user_id), new)
        chat.members[user_id] = new
        if chat.kind != Kind.CHANNEL:
            given = user.to_json()
            self._service(chat, user, {word: [given] if word.endswith("s") else given})
        self._update("chat_member", change)

    def _standing(self, chat: Chat, actor: User, old: Member, new: Member) -> None:
        self._update("my_chat_member", self._change(chat, actor, self._cloud.bot, old, new))

    def _change(self, chat: Chat, actor: User, whose: User, old: Member, new: Member) -> Json:
        return {
            "chat": chat.to_json(),
            "from": actor.to_json(),
            "date": int(self._cloud.clock.now().timestamp()),
            "old_chat_member": member_json(chat, whose, old),
            "new_chat_member": member_json(chat, whose, new),
        }

    def _update(self, kind: str, content: Json) -> None:
        number = self._cloud.updates.put(kind, content)
        if number:
            self._cloud.journal.write(self._cloud.clock.now(), "update", update=kind, update_id=number)

    def _chat(self, chat_id: int) -> Chat:
        return self._cloud.chats.by_id[chat_id]

    def _user(self, user_id: int) -> User:
        return self._cloud.chats.users[user_id]

    def _message(self, chat: Chat, message_id: int) -> Message:
        message = self._cloud.messages.find(chat, message_id)
        if message is None:
            raise LookupError(f"chat {chat.id} has no message {message_id}")
        return message


def _button(markup: Json | None, button: str) -> Json:
    for row in (markup or {}).get("inline_keyboard", ()):
        for candidate in row:
            if button in (candidate["text"], candidate.get("callback_data")) and "callback_data" in candidate:
                found_button: Json = candidate
                return found_button
    raise LookupError(f"no button {button!r} to press")


def _seen(message: Message, bot: User) -> bool:
    """Privacy mode: in groups the bot sees what is meant for it, unless it is an administrator."""
    chat = message.chat
    standing = chat.member(bot.id).standing
    if chat.kind == Kind.PRIVATE:
        return True
    if standing == Standing.ADMINISTRATOR:
        return True
    if chat.kind == Kind.CHANNEL or standing not in (Standing.MEMBER, Standing.RESTRICTED):
        return False
    if message.reply_to and message.reply_to.author.id == bot.id:
        return True
    text = message.content.text
    if f"@{bot.username}".lower() in text.plain.lower():
        return True
    commands = [e for e in text.entities if e.type == "bot_command"]
    return any("@" not in text.plain[e.offset : e.end] for e in commands)
