"""The peers of `fetch_many`: programs that update many feeds with other libraries, each in its own process.

reader has its own dependencies: install it into a separate environment and name its Python,
    python3 -m venv ../peers && ../peers/bin/pip install reader
    NEWSWIRE_PEERS=../peers/bin/python python -m benchmarks.fetch_many
"""

import os
import sys

#: A Python that has reader, or "".
READERS_PYTHON = os.environ.get("NEWSWIRE_PEERS", "")

#: Each reads the feeds' URLs as JSON, prints "ready", and then its figures for each further line of input.
FEEDPARSER = """
import json, sys, time, feedparser
from concurrent.futures import ThreadPoolExecutor
urls, seen, workers = json.loads(sys.stdin.readline()), {}, int(sys.argv[1])
def look(url):
    etag, modified = seen.get(url, (None, None))
    found = feedparser.parse(url, etag=etag, modified=modified)
    assert found.status in (200, 304), found
    seen[url] = found.get("etag") or etag, found.get("modified") or modified
    return len(found.entries)
def update():
    if workers == 1:
        return sum(map(look, urls))
    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(look, urls))
update()
print("ready", flush=True)
for line in sys.stdin:
    cpu, began = time.process_time(), time.perf_counter()
    entries = update()
    print(json.dumps([time.perf_counter() - began, time.process_time() - cpu, entries]), flush=True)
"""
READER = """
import json, sys, tempfile, time
from reader import make_reader
urls, workers = json.loads(sys.stdin.readline()), int(sys.argv[1])
reader = make_reader(tempfile.mkdtemp() + "/reader.db")
for url in urls:
    reader.add_feed(url)
reader.update_feeds(workers=workers, scheduled=False)
assert not list(reader.get_feeds(broken=True))
print("ready", flush=True)
for line in sys.stdin:
    before, cpu, began = reader.get_entry_counts().total, time.process_time(), time.perf_counter()
    reader.update_feeds(workers=workers, scheduled=False)
    took = [time.perf_counter() - began, time.process_time() - cpu]
    print(json.dumps([*took, reader.get_entry_counts().total - before]), flush=True)
"""
WAYS = (
    ("feedparser's own fetching", sys.executable, FEEDPARSER),
    ("reader's update", READERS_PYTHON, READER),
)
