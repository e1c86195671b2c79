"""The content of a message: text, preview, picture and buttons, as a frozen value and as JSON.

The JSON is canonical (sorted keys, no spaces): two contents are the same message if and only if their JSON is
equal. Jobs store and compare it; `bot.telegram` parses it.
"""

import json
from dataclasses import asdict, dataclass, replace

from bot.render.text import Html

COMMAND_LIMIT = 64  #: bytes of a button's command (Bot API, InlineKeyboardButton.callback_data)


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: a command, at most 64 bytes, or a link.

    The answer to a command replaces the message, unless the command starts with "+": then the answer is a new
    message below, and this one (an article, for example) stays.
    """

    label: str
    command: str = ""
    url: str = ""


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A message as it should be shown."""

    text: Html
    preview: str = ""  #: the URL whose preview is shown; "" for none
    large: bool = False  #: the preview's picture is large
    above: bool = False  #: the preview is above the text
    photo: str = ""  #: a picture's URL; the text is its caption
    buttons: Rows = ()
    silent: bool = False  #: delivered without a sound

    def without_picture(self) -> "Content":
        """The same content for when Telegram refuses its picture."""
        return replace(self, photo="", preview="", large=False, above=False)

    def to_json(self) -> str:
        """Canonical JSON; a button has its label and its command or URL."""
        fields = asdict(self)
        fields["buttons"] = [[_button_fields(button) for button in row] for row in self.buttons]
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, source: str) -> "Content":
        """The content that `to_json` wrote; fields missing from an older version get their defaults."""
        fields = json.loads(source)
        rows = tuple(tuple(Button(**button) for button in row) for row in fields.pop("buttons", ()))
        return cls(buttons=rows, **fields)


def _button_fields(button: Button) -> dict[str, str]:
    if button.url:
        return {"label": button.label, "url": button.url}
    return {"label": button.label, "command": button.command}
