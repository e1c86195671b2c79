"""The interfaces: Telegram for readers, the command line and the web server for operators."""

__version__ = "0.1.0"
