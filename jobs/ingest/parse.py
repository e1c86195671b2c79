"""A feed's bytes are read in a child process: within a deadline, within its memory, or not at all."""

from jobs.ingest.parsed import ParsedFeed, ParsedItem, ParseFailed

__all__ = ["ParseFailed", "ParsedFeed", "ParsedItem"]
