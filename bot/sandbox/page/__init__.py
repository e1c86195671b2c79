"""The sandbox's web page: its server, its actions, and the control API of the fake Telegram."""
