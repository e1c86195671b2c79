"""How many sendMessage requests a second the fake Telegram answers over HTTP, and the CPU time of each.

The limit is 1,000/s, the fastest fan-out: the fake Telegram must not be what other benchmarks measure. It
runs in its own process; this one only writes prepared requests over keep-alive connections and counts
answers. A fan-out sends the same text to everybody, and the fake Telegram caches the last texts that it
parsed, so each kind is measured with one text and with many. Run: `python -m benchmarks.fake_telegram_speed
[SECONDS]`.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

CONNECTIONS = 16
DIFFERENT = 1000  #: texts in turn, more than the fake Telegram caches
PLAIN = {"text": "A headline of usual length stands here, and that is all"}
POST = {
    "text": (
        "<b>Harbour reopens after the storm</b>\n\nThe first ferries left at dawn &amp; fishing boats "
        "followed, said the port's office.\n\n<i>World, 14:05</i> · "
        '<a href="https://gazette.example.org/en/harbour-reopens">Read on</a>\n#World #Sea'
    ),
    "parse_mode": "HTML",
    "link_preview_options": json.dumps(
        {"url": "https://gazette.example.org/en/x", "prefer_large_media": True}
    ),
    "reply_markup": json.dumps(
        {"inline_keyboard": [[{"text": "Read", "url": "https://gazette.example.org/a"}]]}
    ),
}
BURMESE = {
    "text": "<b>ဆိပ်ကမ်း ပြန်လည်ဖွင့်လှစ်</b>\n\n"
    + "မုန်တိုင်းအပြီး ပထမဆုံး သင်္ဘောများ အရုဏ်ဦးတွင် ထွက်ခွာခဲ့သည်။ " * 5
    + '\n\n<a href="https://gazette.example.org/my/harbour">ဆက်ဖတ်ရန်</a>',
    "parse_mode": "HTML",
}
KINDS = (("plain text", PLAIN), ("a post as HTML", POST), ("a Burmese post", BURMESE))


def request_bytes(token: str, chat_id: int, params: dict[str, str]) -> bytes:
    body = urlencode({"chat_id": chat_id} | params).encode()
    head = (
        f"POST /bot{token}/sendMessage HTTP/1.1\r\nHost: telegram\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send_until(address: str, requests: list[bytes], end: float) -> int:
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    count = 0
    while time.monotonic() < end:
        writer.write(requests[count % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        answer = await reader.readexactly(length)
        if not answer.startswith(b'{"ok":true'):
            raise SystemExit(f"the fake Telegram answered with an error: {answer!r}")
        count += 1
    writer.close()
    return count


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(
    ready: dict[str, object], pid: int, params: dict[str, str], seconds: float, texts: int
) -> tuple[float, float]:
    """Messages a second, and the fake Telegram's CPU seconds per message."""
    people, token = ready["people"], str(ready["token"])
    assert isinstance(people, list)
    written = [
        params if texts == 1 else params | {"text": f"{number} {params['text']}"} for number in range(texts)
    ]
    requests = [[request_bytes(token, person, each) for each in written] for person in people[:CONNECTIONS]]
    before, begin = cpu_seconds(pid), time.monotonic()
    counts = await asyncio.gather(
        *(send_until(str(ready["address"]), own, begin + seconds) for own in requests)
    )
    return sum(counts) / (time.monotonic() - begin), (cpu_seconds(pid) - before) / sum(counts)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    command = [sys.executable, "-m", "bot.sandbox", "--no-limits", "--people", str(CONNECTIONS)]
    telegram = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert telegram.stdout is not None
    try:
        ready = json.loads(telegram.stdout.readline())
        print(f"{'message':<16} {'texts':<10} {'messages/s':>11} {'CPU us each':>12} {'max per core':>13}")
        for name, params in KINDS:
            for how, texts in (("same", 1), ("different", DIFFERENT)):
                rate, cpu = asyncio.run(measure(ready, telegram.pid, params, seconds, texts))
                print(f"{name:<16} {how:<10} {rate:>11.0f} {cpu * 1e6:>12.0f} {1 / cpu:>11.0f}/s")
    finally:
        telegram.terminate()
        telegram.wait()


if __name__ == "__main__":
    main()
