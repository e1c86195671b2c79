"""Formatted text as Telegram reads it: HTML, entities, and the links and tags that it detects itself."""
