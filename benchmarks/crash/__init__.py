"""The parts of the crash laboratory: the bot, the site, and a trap that kills the bot at chosen points."""
