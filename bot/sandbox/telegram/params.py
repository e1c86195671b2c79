"""The parameters of one request, from JSON or from a form, read by type.

The values of a form are strings, those of a JSON body may be numbers, booleans and objects; the Bot API
accepts both.
"""

import json
from collections.abc import Mapping
from typing import Any

from bot.sandbox.api_error import bad_request

Files = Mapping[str, tuple[str, bytes, str]]  #: field -> (file name, content, MIME type)


class Params:
    """The parameters of one request. As in the Bot API, an empty string is the same as none."""

    __slots__ = ("_given", "files")

    def __init__(self, given: Mapping[str, Any], files: Files | None = None) -> None:
        self._given = given
        self.files: Files = files or {}

    def has(self, name: str) -> bool:
        return self._given.get(name, "") not in ("", None)

    def text(self, name: str) -> str:
        """A string; other types as JSON."""
        value = self._given.get(name, "")
        if isinstance(value, str):
            return value
        return "" if value is None else json.dumps(value, ensure_ascii=False)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number, or `default` if the value is none."""
        value = self._given.get(name)
        try:
            return default if value in ("", None) else int(value)
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """True for true, yes and 1, in any case."""
        value = self._given.get(name)
        return value is True or str(value).lower() in ("true", "yes", "1")

    def json_value(self, name: str, reason: str) -> Any:
        """An object or a list, given as such or as JSON text; None if absent.

        Raises ApiError with `reason` for a text that is not JSON.
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
