"""Telegram in a box, a sample news site, and a page to watch both."""
