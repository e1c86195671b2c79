"""A fake Telegram, a sample news site, and a web page that shows both."""
