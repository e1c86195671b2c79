"""Sealing: private chats' ids, encrypted as they stand in the database; channels and groups stay as they are.

AES-SIV (RFC 5297) is deterministic: one id has one form under one key, so that it can be looked up and kept
unique. A sealed id has 24 bytes: on SQLite it is stored as these, on PostgreSQL as the number that they are.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy import Dialect

#: Bits of a key: two of AES-256.
KEY_BITS = 512
SEALED_BYTES = 24
#: No plain id is as high.
LOWEST_SEALED = 2**63
#: Ids whose forms are remembered; a fan-out asks for each several times in a row.
REMEMBERED = 20_000
_IDS, _CHECK = [b"newswire: private chat id"], [b"newswire: key check"]


class WrongKey(Exception):
    """What is stored was not sealed with this key."""


class Seal:
    """One key's sealing and opening. Every number above 0 is a private chat's id."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)
        self._sealed: dict[int, bytes] = {}
        self._opened: dict[bytes, int] = {}

    @property
    def check(self) -> bytes:
        """By this a database knows the key again."""
        return self._cipher.encrypt(b"newswire", _CHECK)

    def seal(self, chat_id: int) -> bytes:
        """The id's one form under this key."""
        if (known := self._sealed.get(chat_id)) is None:
            known = self._cipher.encrypt(struct.pack(">q", chat_id), _IDS)
            self._remember(chat_id, known)
        return known

    def open(self, sealed: bytes) -> int:
        """The id. Raises WrongKey."""
        if (known := self._opened.get(sealed)) is None:
            try:
                [known] = struct.unpack(">q", self._cipher.decrypt(sealed, _IDS))
            except (InvalidTag, ValueError, struct.error):
                raise WrongKey from None
            self._remember(known, sealed)
        return known

    def _remember(self, chat_id: int, sealed: bytes) -> None:
        if len(self._sealed) >= REMEMBERED:
            self._sealed, self._opened = {}, {}
        self._sealed[chat_id], self._opened[sealed] = sealed, chat_id


def new_key() -> str:
    """A fresh key, as an operator writes it."""
    return urlsafe_b64encode(AESSIV.generate_key(KEY_BITS)).decode().rstrip("=")


def read_key(text: str) -> bytes:
    """The key that somebody wrote. Raises ValueError."""
    try:
        key = urlsafe_b64decode(text.strip() + "==")
    except ValueError:
        key = b""
    if len(key) * 8 != KEY_BITS:
        raise ValueError("a key made by newswire readers-key")
    return key


def seal_of(dialect: Dialect) -> Seal | None:
    """The seal of an engine's dialect, None if ids stand as they are."""
    return getattr(dialect, "newswire_seal", None)


def use_seal(dialect: Dialect, seal: Seal | None) -> None:
    """From now on the engine with this dialect seals with `seal`."""
    dialect.newswire_seal = seal  # type: ignore[attr-defined]


def to_stored(seal: Seal | None, chat_id: int, dialect: str) -> int | bytes:
    """What stands in the database for an id."""
    if seal is None or chat_id <= 0:
        return chat_id
    sealed = seal.seal(chat_id)
    return sealed if dialect == "sqlite" else int.from_bytes(sealed)


def from_stored(seal: Seal | None, stored: Any) -> int:
    """The id for which this stands. Raises WrongKey."""
    if not isinstance(stored, bytes):
        number = int(stored)
        if number < LOWEST_SEALED:
            return number
        stored = number.to_bytes(SEALED_BYTES)
    if seal is None:
        raise WrongKey
    return seal.open(stored)


def is_private(stored: Any) -> bool:
    """Whether this stands for a private chat."""
    return isinstance(stored, bytes) or int(stored) > 0
