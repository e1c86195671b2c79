"""PostgreSQL's full text search as a peer, on a temporary server."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg

from benchmarks.related.material import Text

BINARIES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
ASK = """
WITH asked AS (
    SELECT string_agg(quote_literal(lexeme), ' | ')::tsquery AS q
    FROM unnest(to_tsvector('english', %(text)s))
)
SELECT at FROM t, asked WHERE body @@ q ORDER BY ts_rank(body, q, 1) DESC, at LIMIT %(count)s
"""


class Postgres:
    """An OR of the lexemes of a text, ranked by `ts_rank` normalized by document length."""

    name = "PostgreSQL ts_rank"

    def fill(self, texts: Sequence[Text]) -> None:
        if BINARIES is None:
            raise FileNotFoundError("PostgreSQL's initdb is not installed")
        self.texts = texts
        self.folder = Path(tempfile.mkdtemp(prefix="newswire-bench-"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", f"{self.folder}/db", "-A", "trust", "-U", "newswire", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        self._run(
            "pg_ctl", "-D", f"{self.folder}/db", "-w", "-l", f"{self.folder}/log", "-o", options, "start"
        )
        self.connection = psycopg.connect(
            f"host={self.folder} user=newswire dbname=postgres", autocommit=True
        )
        self.connection.execute("CREATE TABLE t (at int PRIMARY KEY, body tsvector)")
        with self.connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO t VALUES (%s, to_tsvector('english', %s))",
                [(at, f"{text.title} {text.body}".replace("\x00", "")) for at, text in enumerate(texts)],
            )
        self.connection.execute("CREATE INDEX ON t USING gin (body)")
        self.connection.execute("ANALYZE t")

    def _run(self, command: str, *words: str) -> None:
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run(
            [*as_postgres, f"{BINARIES}/{command}", *words], check=True, capture_output=True, cwd=self.folder
        )

    def related(self, position: int, count: int) -> list[int]:
        text = self.texts[position]
        found = self.find(f"{text.title} {text.body}", count + 1)
        return [at for at in found if at != position][:count]

    def find(self, words: str, count: int) -> list[int]:
        rows = self.connection.execute(ASK, {"text": words, "count": count})
        return [row[0] for row in rows]

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self.connection.close()
        self._run("pg_ctl", "-D", f"{self.folder}/db", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
