"""What a message says, whole: text, preview, picture and buttons, as one frozen value and as JSON.

The JSON is canonical (sorted keys, no spaces), so that two contents are the same message exactly where their
JSON is the same text. Jobs keep it and compare it; `bot.telegram` reads it.
"""

import json
from dataclasses import asdict, dataclass, replace

from bot.render.text import Html

COMMAND_LIMIT = 64  #: bytes of a button's command (Bot API, InlineKeyboardButton.callback_data)


@dataclass(frozen=True, slots=True)
class Button:
    """A command as if typed (`command`, at most 64 bytes), or a link (`url`), under a message.

    The answer to a command takes the place of the message, unless the command begins with "+": then it is
    said below, and the message (a piece of news, say) stays.
    """

    label: str
    command: str = ""
    url: str = ""


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A message as it is to be shown."""

    text: Html
    preview: str = ""  #: the address whose preview is shown; none where empty
    large: bool = False  #: the preview's picture is large
    above: bool = False  #: the preview stands above the text
    photo: str = ""  #: a picture's address: the text is its caption
    buttons: Rows = ()
    silent: bool = False  #: without a sound

    def without_picture(self) -> "Content":
        """The same news for when Telegram refuses its picture."""
        return replace(self, photo="", preview="", large=False, above=False)

    def to_json(self) -> str:
        """Canonical JSON; a button has only the field it uses beside its label."""
        fields = asdict(self)
        fields["buttons"] = [[_button_fields(button) for button in row] for row in self.buttons]
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, source: str) -> "Content":
        """The content that `to_json` wrote; what an older version did not write takes its default."""
        fields = json.loads(source)
        rows = tuple(tuple(Button(**button) for button in row) for row in fields.pop("buttons", ()))
        return cls(buttons=rows, **fields)


def _button_fields(button: Button) -> dict[str, str]:
    if button.url:
        return {"label": button.label, "url": button.url}
    return {"label": button.label, "command": button.command}
