"""The fake Telegram, rule by rule, and as python-telegram-bot sees it."""
