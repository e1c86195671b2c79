"""message_id: a sequence for each channel and supergroup, one for all private chats and basic groups."""

from tests.bot.sandbox.conftest import Town


async def test_channels_and_supergroups_count_for_themselves_and_their_creation_is_one(town: Town) -> None:
    other, group = town.box.add_channel("Other"), town.box.add_supergroup("Desk")
    await town.send(town.reader.id)
    ids = [(await town.send(chat.id)).id for chat in (town.channel, other, town.channel, group)]
    assert ids == [2, 2, 3, 2]


async def test_private_chats_and_basic_groups_share_one_sequence_with_what_comes_in(town: Town) -> None:
    other, group = town.box.add_person("Other"), town.box.add_group("Desk", [town.reader.id])
    start = (await town.send(town.reader.id)).id
    ids = [
        town.box.say(town.reader.id, town.reader.id, "x").id,
        (await town.send(other.id)).id,
        town.box.say(town.reader.id, group.id, "x").id,
        (await town.send(group.id)).id,
    ]
    assert ids == [start + 1, start + 2, start + 3, start + 4]


async def test_service_messages_and_a_colleagues_posts_take_ids(town: Town) -> None:
    ids = [
        (await town.send(town.channel.id)).id,
        town.box.rename(town.channel.id, "Daily News").id,
        town.box.post(town.channel.id, "x").id,
        (await town.send(town.channel.id)).id,
    ]
    assert ids == [2, 3, 4, 5]


async def test_a_deleted_message_does_not_give_its_id_back(town: Town) -> None:
    post = await town.send(town.channel.id)
    await town.ask("deleteMessage", chat_id=town.channel.id, message_id=post.id)
    assert (await town.send(town.channel.id)).id == post.id + 1
