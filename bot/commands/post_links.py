"""Parsing of links to Telegram posts, in every form that Telegram's apps create and open.

Source: core.telegram.org/api/links. In a group with topics the topic's number comes before the post's;
`single`, `thread` and `comment` say how a post is opened, never which one it is.
"""

import re
from urllib.parse import parse_qs, urlsplit

_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog"})
_NUMBER = re.compile(r"[0-9]{1,12}")
_NAME = re.compile(r"[A-Za-z]\w{3,31}", re.ASCII)
#: The Bot API's id of a channel or supergroup is this minus the number in its links.
_CHANNEL_ID_BASE = -(10**12)


def parse_post_link(url: str) -> tuple[int | str, int] | None:
    """The chat (its Bot API id, or its name without "@") and the message id; None for other links."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme == "tg":
        return _parse_app_link(parts.netloc or parts.path, parse_qs(parts.query))
    if parts.scheme not in ("http", "https"):
        return None
    host, path = (parts.hostname or "").removeprefix("www."), [part for part in parts.path.split("/") if part]
    name, _, parent = host.partition(".")
    if parent in _HOSTS:  # name.t.me is t.me/name
        return _parse_web_path([name, *path])
    return _parse_web_path(path) if host in _HOSTS else None


def _parse_web_path(path: list[str]) -> tuple[int | str, int] | None:
    match path:
        case ["c", number, post] | ["c", number, _, post]:
            return _post_reference(_channel_id(number), post)
        case ["s", name, post] | [name, post] | [name, _, post]:
            return _post_reference(_valid_username(name), post)
        case _:
            return None


def _parse_app_link(action: str, said: dict[str, list[str]]) -> tuple[int | str, int] | None:
    post = said.get("post", [""])[0]
    match action.strip("/").lower():
        case "privatepost":
            return _post_reference(_channel_id(said.get("channel", [""])[0]), post)
        case "resolve":
            return _post_reference(_valid_username(said.get("domain", [""])[0]), post)
        case _:
            return None


def _post_reference(chat: int | str, post: str) -> tuple[int | str, int] | None:
    return (chat, int(post)) if chat and _NUMBER.fullmatch(post) else None


def _channel_id(number: str) -> int:
    return _CHANNEL_ID_BASE - int(number) if _NUMBER.fullmatch(number) else 0


def _valid_username(name: str) -> str:
    return name if _NAME.fullmatch(name) else ""
