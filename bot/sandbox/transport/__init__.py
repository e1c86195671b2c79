"""Transports of the fake Telegram: in process, over HTTP, and by webhook."""
