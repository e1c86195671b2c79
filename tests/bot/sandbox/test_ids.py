"""message_id: a sequence for each channel and supergroup, one for all private chats and basic groups."""

from tests.bot.sandbox.conftest import Harness


async def test_channels_and_supergroups_count_for_themselves_and_their_creation_is_one(
    harness: Harness,
) -> None:
    other, group = harness.telegram.add_channel("Other"), harness.telegram.add_supergroup("Desk")
    await harness.send(harness.reader.id)
    ids = [(await harness.send(chat.id)).id for chat in (harness.channel, other, harness.channel, group)]
    assert ids == [2, 2, 3, 2]


async def test_private_chats_and_basic_groups_share_one_sequence_with_what_comes_in(harness: Harness) -> None:
    other, group = (
        harness.telegram.add_person("Other"),
        harness.telegram.add_group("Desk", [harness.reader.id]),
    )
    start = (await harness.send(harness.reader.id)).id
    ids = [
        harness.telegram.say(harness.reader.id, harness.reader.id, "x").id,
        (await harness.send(other.id)).id,
        harness.telegram.say(harness.reader.id, group.id, "x").id,
        (await harness.send(group.id)).id,
    ]
    assert ids == [start + 1, start + 2, start + 3, start + 4]


async def test_service_messages_and_a_colleagues_posts_take_ids(harness: Harness) -> None:
    ids = [
        (await harness.send(harness.channel.id)).id,
        harness.telegram.rename(harness.channel.id, "Daily News").id,
        harness.telegram.post(harness.channel.id, "x").id,
        (await harness.send(harness.channel.id)).id,
    ]
    assert ids == [2, 3, 4, 5]


async def test_a_deleted_message_does_not_give_its_id_back(harness: Harness) -> None:
    post = await harness.send(harness.channel.id)
    await harness.ask("deleteMessage", chat_id=harness.channel.id, message_id=post.id)
    assert (await harness.send(harness.channel.id)).id == post.id + 1
