"""The boundary to Telegram: requests over aiohttp, and their results as values."""
