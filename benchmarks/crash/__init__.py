"""The crash laboratory's parts: a Telegram and a site that kill whoever speaks to them at chosen points."""
