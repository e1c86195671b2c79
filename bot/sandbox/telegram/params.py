"""What did the caller pass? The parameters of one request, from JSON or from a form, by their types.

A form's values are strings, a JSON body's may be numbers, booleans and objects; the Bot API takes both.
"""

import json
from collections.abc import Mapping
from typing import Any

from bot.sandbox.api_error import bad_request

Files = Mapping[str, tuple[str, bytes, str]]  #: field -> (file name, content, MIME type)


class Params:
    """The parameters of one request. Empty strings and absent ones are the same, as for the Bot API."""

    __slots__ = ("_given", "files")

    def __init__(self, given: Mapping[str, Any], files: Files | None = None) -> None:
        self._given = given
        self.files: Files = files or {}

    def has(self, name: str) -> bool:
        return self._given.get(name, "") not in ("", None)

    def text(self, name: str) -> str:
        """A string; numbers and booleans as JSON writes them."""
        value = self._given.get(name, "")
        if isinstance(value, str):
            return value
        return "" if value is None else json.dumps(value, ensure_ascii=False)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number; what is none counts as `default`."""
        value = self._given.get(name)
        try:
            return default if value in ("", None) else int(value)
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """True for true, yes and 1, however they are written."""
        value = self._given.get(name)
        return value is True or str(value).lower() in ("true", "yes", "1")

    def json_value(self, name: str, reason: str) -> Any:
        """An object or a list, given as such or as JSON text; None where absent.

        A text that is no JSON is refused with `reason`.
        """
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(reason) from None
