"""The fake Telegram: the rules and limits of the Bot API, in memory."""
