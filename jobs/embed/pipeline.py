"""Embeds every article that the model has not read as it is now: the newest first, then the archive.

Unread articles are found in the database, so nothing is lost when this stops anywhere: what was made is
kept, the rest is found again. Reading goes on in a child process, which ingest and answers never wait for.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import blake2b

import structlog

from jobs.clock import Clock
from jobs.embed.model import MODEL, reads, words
from jobs.ingest.content.language import of_feed
from jobs.ingest.worker_pool import Children, Failed
from storage import embeddings
from storage.database import Connection, Database
from storage.embeddings import Unread
from storage.index import source
from storage.records import Embedding

log = structlog.get_logger()

EVERY = timedelta(seconds=5)
#: Seconds of one run, so that a stop need not wait for the whole archive.
SLICE = 4.0
#: Articles looked up at once, and of those read and kept at once.
AHEAD, AT_ONCE = 200, 8
#: Seconds between two lines that tell how far an archive is.
TELL_EVERY = 60.0
#: What any model reads without trouble.
_PLAIN = "news"
_MAKES = "jobs.embed.model:vectors_in_the_background"


class Embedder:
    """Reads on where it stopped. `stored` is called after vectors were kept.

    `makes` names the function that a child calls with a list of texts, and that returns a vector for each.
    """

    def __init__(
        self,
        db: Database,
        children: Children,
        clock: Clock,
        stored: Callable[[], None],
        *,
        model: str = MODEL,
        makes: str = _MAKES,
    ) -> None:
        self._db = db
        self._children = children
        self._clock = clock
        self._stored = stored
        self._model = model
        self._makes = makes
        self._since = 0  #: articles that changed before this are read
        self._told_at: float | None = None

    async def catch_up(self) -> int:
        """Read unread articles for as long as a run takes; how many got a vector."""
        until, made = self._clock.monotonic() + SLICE, 0
        horizon = await self._db.read(source.horizon)
        while found := await self._db.read(embeddings.unread, self._model, self._since, AHEAD):
            for start in range(0, len(found), AT_ONCE):
                kept = await self._read(found[start : start + AT_ONCE])
                if kept is None:
                    return made
                made += kept
                if self._clock.monotonic() >= until:
                    await self._tell()
                    return made
        self._since = horizon
        return made

    async def _read(self, some: Sequence[Unread]) -> int | None:
        """Make and keep the vectors of some articles; how many, or None where the model does not work."""
        judged = [(one, *_says(one)) for one in some]
        fresh = [(one, text, digest) for one, text, digest in judged if digest != one.digest]
        known = [text for one, text, _ in fresh if reads(text, _language(one))]
        answer = await self._vectors(known) if known else []
        if answer is None:
            return None
        vectors = dict(zip(known, answer, strict=True))
        made = [_made(self._model, one, digest, vectors.get(text, b"")) for one, text, digest in fresh]
        same = [(one.article_id, one.change) for one, _, digest in judged if digest == one.digest]
        await self._db.run(_keep, made, same)
        if made:
            self._stored()
        return len(made)

    async def _vectors(self, texts: list[str]) -> list[bytes] | None:
        """A vector for each text, nothing for one that breaks the model; None where it reads nothing."""
        answer = await self._children.call(self._makes, texts)
        if not isinstance(answer, Failed):
            return list(answer)
        vectors: list[bytes] = []
        for text in texts:
            alone = await self._children.call(self._makes, [text])
            if isinstance(alone, Failed):
                plain = await self._children.call(self._makes, [_PLAIN])
                if isinstance(plain, Failed):
                    log.warning("articles are not read by the model", reason=plain.reason)
                    return None
            vectors += [b""] if isinstance(alone, Failed) else alone
        return vectors

    async def _tell(self) -> None:
        """One line now and then: a big archive takes hours."""
        now = self._clock.monotonic()
        if self._told_at is None or now - self._told_at >= TELL_EVERY:
            self._told_at = now
            left = await self._db.read(embeddings.left, self._model)
            log.info("the model reads the archive", articles_left=left)


def _says(one: Unread) -> tuple[str, bytes]:
    """What the model would read of an article, and a digest of it and of its language."""
    text = words(one.title, one.summary, one.text)
    said = f"{_language(one)}\x00{text}".encode("utf-8", "surrogatepass")
    return text, blake2b(said, digest_size=8).digest()


def _language(one: Unread) -> str:
    """The first part of its language's tag, recognised where nobody said it and the words say it surely."""
    tag = one.language or of_feed(words(one.title, one.summary, one.text))
    return tag.replace("_", "-").split("-")[0].lower()


def _made(model: str, one: Unread, digest: bytes, vector: bytes) -> Embedding:
    return Embedding(
        article_id=one.article_id,
        model=model,
        article_change=one.change,
        digest=digest,
        language=_language(one),
        vector=vector,
    )


def _keep(connection: Connection, made: Sequence[Embedding], same: Sequence[tuple[int, int]]) -> None:
    embeddings.keep(connection, made)
    for article_id, change in same:
        embeddings.same(connection, article_id, change)
