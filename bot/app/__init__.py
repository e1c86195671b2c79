"""The composition root: the one place that knows all the parts, and the order in which they live."""

from bot.app.house import House, open_house
from bot.app.life import CannotLive, live, stop_on_signals

__all__ = ["CannotLive", "House", "live", "open_house", "stop_on_signals"]
