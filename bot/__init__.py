"""Speaks: to Telegram, to readers, to operators."""

__version__ = "0.1.0"
