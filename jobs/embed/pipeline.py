"""Embeds every article that the model has not read as it is now: the newest first, then the archive.

Unread articles are found in the database, so nothing is lost when this stops anywhere: what was made is
kept, the rest is found again. Reading goes on in a child process, which ingest and answers never wait for.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import blake2b

import structlog

from jobs.clock import Clock
from jobs.embed.model import MODEL_VERSION, model_input, supports_language
from jobs.ingest.content.language import detect_feed_language
from jobs.ingest.worker_pool import CallFailed, WorkerPool
from storage import embeddings
from storage.database import Connection, Database
from storage.embeddings import ArticleForEmbedding
from storage.index import source
from storage.records import Embedding

log = structlog.get_logger()

EMBED_INTERVAL = timedelta(seconds=5)
#: Seconds of one run, so that a stop need not wait for the whole archive.
MAX_RUN_SECONDS = 4.0
#: Articles looked up at once, and of those read and kept at once.
READ_AHEAD, BATCH_SIZE = 200, 8
#: Seconds between two lines that tell how far an archive is.
LOG_INTERVAL = 60.0
#: What any model reads without trouble.
_PROBE_TEXT = "news"
_EMBED_FUNCTION = "jobs.embed.model:embed_in_background"


class Embedder:
    """Reads on where it stopped. `stored` is called after vectors were kept.

    `makes` names the function that a child calls with a list of texts, and that returns a vector for each.
    """

    def __init__(
        self,
        db: Database,
        workers: WorkerPool,
        clock: Clock,
        on_stored: Callable[[], None],
        *,
        model: str = MODEL_VERSION,
        embed_function: str = _EMBED_FUNCTION,
    ) -> None:
        self._db = db
        self._worker_pool = workers
        self._clock = clock
        self._on_stored = on_stored
        self._model = model
        self._embed_function = embed_function
        self._changed_since = 0  #: articles that changed before this are read
        self._logged_at: float | None = None

    async def embed_unread(self) -> int:
        """Read unread articles for as long as a run takes; how many got a vector."""
        until, made = self._clock.monotonic() + MAX_RUN_SECONDS, 0
        horizon = await self._db.read(source.article_horizon)
        while found := await self._db.read(
            embeddings.articles_for_embedding, self._model, self._changed_since, READ_AHEAD
        ):
            for start in range(0, len(found), BATCH_SIZE):
                kept = await self._embed_batch(found[start : start + BATCH_SIZE])
                if kept is None:
                    return made
                made += kept
                if self._clock.monotonic() >= until:
                    await self._log_progress()
                    return made
        self._changed_since = horizon
        return made

    async def _embed_batch(self, some: Sequence[ArticleForEmbedding]) -> int | None:
        """Make and keep the vectors of some articles; how many, or None where the model does not work."""
        judged = [(one, *_input_and_digest(one)) for one in some]
        fresh = [(one, text, digest) for one, text, digest in judged if digest != one.digest]
        known = [text for one, text, _ in fresh if supports_language(text, _detect_language(one))]
        answer = await self._make_vectors(known) if known else []
        if answer is None:
            return None
        vectors = dict(zip(known, answer, strict=True))
        made = [
            _build_embedding(self._model, one, digest, vectors.get(text, b"")) for one, text, digest in fresh
        ]
        same = [(one.article_id, one.change) for one, _, digest in judged if digest == one.digest]
        await self._db.run(_save_embeddings, made, same)
        if made:
            self._on_stored()
        return len(made)

    async def _make_vectors(self, texts: list[str]) -> list[bytes] | None:
        """A vector for each text, nothing for one that breaks the model; None where it reads nothing."""
        answer = await self._worker_pool.call(self._embed_function, texts)
        if not isinstance(answer, CallFailed):
            return list(answer)
        vectors: list[bytes] = []
        for text in texts:
            alone = await self._worker_pool.call(self._embed_function, [text])
            if isinstance(alone, CallFailed):
                plain = await self._worker_pool.call(self._embed_function, [_PROBE_TEXT])
                if isinstance(plain, CallFailed):
                    log.warning("articles are not read by the model", reason=plain.reason)
                    return None
            vectors += [b""] if isinstance(alone, CallFailed) else alone
        return vectors

    async def _log_progress(self) -> None:
        """One line now and then: a big archive takes hours."""
        now = self._clock.monotonic()
        if self._logged_at is None or now - self._logged_at >= LOG_INTERVAL:
            self._logged_at = now
            left = await self._db.read(embeddings.count_unembedded, self._model)
            log.info("the model reads the archive", articles_left=left)


def _input_and_digest(one: ArticleForEmbedding) -> tuple[str, bytes]:
    """What the model would read of an article, and a digest of it and of its language."""
    text = model_input(one.title, one.summary, one.text)
    said = f"{_detect_language(one)}\x00{text}".encode("utf-8", "surrogatepass")
    return text, blake2b(said, digest_size=8).digest()


def _detect_language(one: ArticleForEmbedding) -> str:
    """The first part of its language's tag, recognised where nobody said it and the words say it surely."""
    tag = one.language or detect_feed_language(model_input(one.title, one.summary, one.text))
    return tag.replace("_", "-").split("-")[0].lower()


def _build_embedding(model: str, one: ArticleForEmbedding, digest: bytes, vector: bytes) -> Embedding:
    return Embedding(
        article_id=one.article_id,
        model=model,
        article_change=one.change,
        digest=digest,
        language=_detect_language(one),
        vector=vector,
    )


def _save_embeddings(
    connection: Connection, made: Sequence[Embedding], same: Sequence[tuple[int, int]]
) -> None:
    embeddings.save_embeddings(connection, made)
    for article_id, change in same:
        embeddings.mark_unchanged(connection, article_id, change)
