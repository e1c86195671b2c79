"""A reader's whole day with the bot, on SQLite and on PostgreSQL, in English and in Burmese."""

from storage import chats
from storage.database import Database
from tests.bot.newsroom import BURMESE, Newsroom
from tests.conftest import MovedClock


async def test_an_english_readers_day(db: Database, clock: MovedClock) -> None:
    room = Newsroom(db, clock)
    room.publish_many([f"Irrawaddy flood in Magway, day {day}" for day in range(1, 8)], sections=("World",))
    room.publish("Football cup final", sections=("Sport",))
    channel = room.box.add_channel("News")
    flood = room.publish("Irrawaddy flood in Magway ends", summary="Boats leave the villages.")
    post = await room.post(flood, channel.id)
    reader = room.reader()

    assert (await reader.types("/start")).text.startswith("Hello!")
    assert (await reader.presses("Latest news")).headlines[0] == "Irrawaddy flood in Magway ends"
    assert (await reader.presses("More ›")).headlines[0] == "Irrawaddy flood in Magway, day 4"
    assert (await reader.types("/related 1")).text.startswith("Related to Irrawaddy flood in Magway, day 4")
    assert (await reader.forwards(channel.id, post)).text.startswith(
        "Related to Irrawaddy flood in Magway ends"
    )
    assert (await reader.types("/search football")).headlines == ["Football cup final"]
    assert (await reader.types("/latest 3 sport")).headlines == ["Football cup final"]
    assert (await reader.types("/subscribe")).text.startswith("Done.")
    assert (await reader.types("/forget")).text.startswith("Done.")
    assert room.db.read_sync(chats.get, reader.chat_id) is None


async def test_a_burmese_readers_day(db: Database, clock: MovedClock) -> None:
    room = Newsroom(db, clock, BURMESE)
    flood = "ဧရာဝတီမြစ်ရေကြီး၍ မကွေးရှိ ကျေးရွာများ ရေနစ်မြုပ်"
    room.publish_many([f"{flood} ({day})" for day in range(1, 8)], language="my", sections=("ပြည်တွင်း",))
    room.publish("ရန်ကုန် ဘောလုံးအသင်း ဖလားရရှိ", language="my", sections=("အားကစား",))
    reader = room.reader("အေးအေး", language="my")

    assert (await reader.types("/start")).text.startswith("မင်္ဂလာပါ။")
    assert (await reader.presses("နောက်ဆုံးရ သတင်းများ")).headlines[0] == "ရန်ကုန် ဘောလုံးအသင်း ဖလားရရှိ"
    assert (await reader.types("/latest ၂ ပြည်တွင်း")).headlines == [f"{flood} (7)", f"{flood} (6)"]
    related = await reader.types("/related ၁")
    assert related.text.startswith(f"ဆက်စပ်သတင်းများ − {flood} (7)")
    assert "၁။ ဧရာဝတီ" in related.text
    assert (await reader.types("ဘောလုံး")).headlines == ["ရန်ကုန် ဘောလုံးအသင်း ဖလားရရှိ"]
    assert (await reader.types("/subscribe")).text.startswith("ပြီးပါပြီ။")
    assert (await reader.types("/unsubscribe")).text.startswith("ပြီးပါပြီ။")
    assert room.db.read_sync(chats.get, reader.chat_id) is None
