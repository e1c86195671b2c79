"""How Telegram reads formatted text: HTML, entities, and what it finds by itself."""
