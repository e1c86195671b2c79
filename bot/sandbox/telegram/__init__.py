"""The fake Telegram: the Bot API's rules and limits, in memory."""
