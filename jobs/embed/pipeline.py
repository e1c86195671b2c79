"""Embeds every article whose current text has no vector: the newest first, then the archive.

Such articles are found in the database, so a stop at any point loses nothing. The model runs in a child
process, for which ingest and answers never wait.
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
#: Seconds of one run, so that a stop does not wait for the whole archive.
MAX_RUN_SECONDS = 4.0
#: Articles that are read from the database at once, and those of them that are embedded at once.
READ_AHEAD, BATCH_SIZE = 200, 8
#: Seconds between two log lines about the progress.
LOG_INTERVAL = 60.0
#: A text that any model can embed.
_PROBE_TEXT = "news"
_EMBED_FUNCTION = "jobs.embed.model:embed_in_background"


class Embedder:
    """Embeds articles run by run. `on_stored` is called after vectors were stored.

    `embed_function` names a function that a child calls with a list of texts, and that returns their vectors.
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
        self._changed_since = 0  #: articles that changed before this have vectors
        self._logged_at: float | None = None

    async def embed_unread(self) -> int:
        """Embed articles for at most `MAX_RUN_SECONDS`; how many."""
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
        """Make and store the vectors of some articles; how many, or None if the model does not work."""
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
        """A vector for each text, b"" for one that makes the model fail; None if the model always fails."""
        answer = await self._worker_pool.call(self._embed_function, texts)
        if not isinstance(answer, CallFailed):
            return list(answer)
        vectors: list[bytes] = []
        for text in texts:
            alone = await self._worker_pool.call(self._embed_function, [text])
            if isinstance(alone, CallFailed):
                plain = await self._worker_pool.call(self._embed_function, [_PROBE_TEXT])
                if isinstance(plain, CallFailed):
                    log.warning("embedding failed", reason=plain.reason)
                    return None
            vectors += [b""] if isinstance(alone, CallFailed) else alone
        return vectors

    async def _log_progress(self) -> None:
        """Log the progress now and then, since a large archive takes hours."""
        now = self._clock.monotonic()
        if self._logged_at is None or now - self._logged_at >= LOG_INTERVAL:
            self._logged_at = now
            left = await self._db.read(embeddings.count_unembedded, self._model)
            log.info("embedding archive", articles_left=left)


def _input_and_digest(one: ArticleForEmbedding) -> tuple[str, bytes]:
    """The text of an article that is embedded, and a digest of it and of its language."""
    text = model_input(one.title, one.summary, one.text)
    hashed = f"{_detect_language(one)}\x00{text}".encode("utf-8", "surrogatepass")
    return text, blake2b(hashed, digest_size=8).digest()


def _detect_language(one: ArticleForEmbedding) -> str:
    """The first part of its language's tag; without a tag, the language that was detected."""
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
