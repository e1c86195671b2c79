"""The ways to the fake Telegram: in process, over HTTP, and its webhook."""
