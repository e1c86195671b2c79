"""A reader starts the bot, asks for help, mistypes commands, writes in groups, and sends other messages."""

import pytest
from telegram import BotCommandScopeChat

from bot.dispatch import set_menu
from storage.database import Database
from tests.bot.newsroom import BURMESE, Newsroom, Person
from tests.conftest import MovedClock


@pytest.fixture
def room(archive: Database, clock: MovedClock) -> Newsroom:
    room = Newsroom(archive, clock)
    room.publish("Rice harvest begins", summary="Three weeks early.", sections=("World",))
    room.publish("Rice harvest ends", summary="The harvest was good.", sections=("World",))
    return room


@pytest.fixture
def group(room: Newsroom) -> Person:
    reader = room.reader()
    return reader.in_chat(room.box.add_supergroup("Talk", [reader.user_id]).id)


async def test_start_greets_with_buttons_that_answer(room: Newsroom) -> None:
    reader = room.reader()
    answer = await reader.types("/start")
    assert answer.text.startswith("Hello!\n\nRead and search our reporting here.")
    assert answer.buttons == ["Latest news", "All commands", "Get every article"]
    assert (await reader.presses("All commands")).text.startswith(
        "The newest headlines\n/latest the five newest"
    )


async def test_a_burmese_newsroom_greets_in_burmese(archive: Database, clock: MovedClock) -> None:
    answer = await Newsroom(archive, clock, BURMESE).reader("Anna", language="en").types("/start")
    assert answer.text.startswith("မင်္ဂလာပါ။")
    assert answer.buttons == ["နောက်ဆုံးရ သတင်းများ", "အမိန့်အားလုံး", "သတင်းတိုင်း ရယူရန်"]


async def test_a_deep_link_to_related_articles_answers_at_once(room: Newsroom) -> None:
    assert (await room.reader().types("/start related_1")).text.startswith("Related to Rice harvest begins")


async def test_a_deep_link_to_an_article_shows_it(room: Newsroom) -> None:
    answer = await room.reader().types("/start read_1")
    assert answer.text.startswith("Rice harvest begins\n\nThree weeks early.")
    assert answer.buttons == ["Related articles"]


@pytest.mark.parametrize("payload", ["nonsense", "_", "subscribed", "unsubscribe", "forget"])
async def test_a_deep_link_to_nothing_greets(room: Newsroom, payload: str) -> None:
    assert (await room.reader().types(f"/start {payload}")).text.startswith("Hello!")


async def test_help_lists_every_readers_command_and_no_operators(room: Newsroom) -> None:
    text = (await room.reader().types("/help")).text
    assert all(
        f"/{name}" in text for name in ("latest", "related", "search", "subscribe", "privacy", "forget")
    )
    assert not any(f"/{name}" in text for name in ("status", "why", "retract"))


async def test_a_mistyped_command_is_answered_with_the_closest_one(room: Newsroom) -> None:
    reader = room.reader()
    assert (await reader.types("/lates 3")).text == "I don't know /lates. Did you mean /latest?"
    assert (await reader.presses("/latest")).headlines == ["Rice harvest ends", "Rice harvest begins"]


async def test_an_unknown_command_is_answered_with_the_known_ones(room: Newsroom) -> None:
    answer = await room.reader().types("/xyzzy")
    assert answer.text.startswith("I don't know /xyzzy. I know /latest /related /search")
    assert "/status" not in answer.text


async def test_an_operators_command_is_unknown_to_readers(room: Newsroom) -> None:
    answer = await room.reader().types("/retract https://news.example/1")
    assert answer.text.startswith("I don't know /retract.")


async def test_in_a_group_the_answer_replies_to_the_question(room: Newsroom, group: Person) -> None:
    answer = await group.types("/latest@newswire_bot 1")
    assert answer.headlines == ["Rice harvest ends"]
    assert answer.message.reply_to
    assert answer.message.reply_to.content.text.plain == "/latest@newswire_bot 1"


async def test_in_a_group_everybody_may_press(room: Newsroom, group: Person) -> None:
    await group.types("/latest 1")
    other = room.reader("Ba Ba").in_chat(group.chat_id)
    assert (await other.presses("More ›")).headlines == ["Rice harvest begins"]


@pytest.mark.parametrize(
    "text", ["/latest@other_bot", "/xyzzy", "good morning", "rice", "/status", "@newswire_bot"]
)
async def test_in_a_group_messages_not_meant_for_the_bot_are_not_answered(
    room: Newsroom, group: Person, text: str
) -> None:
    room.box.say(group.user_id, group.chat_id, text)
    await room.answer()
    assert group.messages() == []


async def test_in_a_group_an_unknown_command_that_names_the_bot_is_answered(
    room: Newsroom, group: Person
) -> None:
    assert (await group.types("/lates@newswire_bot")).text == "I don't know /lates. Did you mean /latest?"


async def test_another_bot_is_never_answered(room: Newsroom) -> None:
    robot = room.box.add_person("Robot", is_bot=True)
    chat = room.box.add_supergroup("Talk", [robot.id])
    room.box.say(robot.id, chat.id, "/latest")
    await room.answer()
    assert Person(room, robot.id, chat.id).messages() == []


async def test_a_long_pasted_text_finds_related_articles(room: Newsroom) -> None:
    answer = await room.reader().types("The rice harvest begins three weeks early this year. " * 10)
    assert answer.text.startswith("Related to “The rice harvest begins three weeks early")


async def test_a_link_alone_finds_related_articles(room: Newsroom) -> None:
    assert (await room.reader().types("https://news.example/1")).text.startswith(
        "Related to Rice harvest begins"
    )


async def test_the_menu_in_telegram_is_the_list_of_commands(room: Newsroom) -> None:
    room.operator()
    await set_menu(room.bot, "en", [77, 78])
    assert [command.command for command in await room.bot.get_my_commands()][:3] == [
        "latest",
        "related",
        "search",
    ]
    burmese = await room.bot.get_my_commands(language_code="my")
    assert burmese[0].description == "နောက်ဆုံးရ သတင်းခေါင်းစဉ်များ"
    mine = [command.command for command in await room.bot.get_my_commands(BotCommandScopeChat(77))]
    assert mine[-4:] == ["status", "why", "retract", "story"]
