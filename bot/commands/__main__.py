"""Write docs/commands.md: `python -m bot.commands`."""

from pathlib import Path

from bot.commands.docs import commands_page

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"

if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
