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
ENCRYPTED_BYTES = 24
#: No plain id is as high.
LOWEST_ENCRYPTED = 2**63
#: Ids whose forms are remembered; a fan-out asks for each several times in a row.
CACHE_SIZE = 20_000
_IDS, _KEY_CHECK = [b"newswire: private chat id"], [b"newswire: key check"]


class WrongKey(Exception):
    """What is stored was not sealed with this key."""


class ChatIdCipher:
    """One key's sealing and opening. Every number above 0 is a private chat's id."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)
        self._encrypted: dict[int, bytes] = {}
        self._decrypted: dict[bytes, int] = {}

    @property
    def key_check(self) -> bytes:
        """By this a database knows the key again."""
        return self._cipher.encrypt(b"newswire", _KEY_CHECK)

    def encrypt(self, chat_id: int) -> bytes:
        """The id's one form under this key."""
        if (known := self._encrypted.get(chat_id)) is None:
            known = self._cipher.encrypt(struct.pack(">q", chat_id), _IDS)
            self._cache_pair(chat_id, known)
        return known

    def decrypt(self, sealed: bytes) -> int:
        """The id. Raises WrongKey."""
        if (known := self._decrypted.get(sealed)) is None:
            try:
                [known] = struct.unpack(">q", self._cipher.decrypt(sealed, _IDS))
            except (InvalidTag, ValueError, struct.error):
                raise WrongKey from None
            self._cache_pair(known, sealed)
        return known

    def _cache_pair(self, chat_id: int, sealed: bytes) -> None:
        if len(self._encrypted) >= CACHE_SIZE:
            self._encrypted, self._decrypted = {}, {}
        self._encrypted[chat_id], self._decrypted[sealed] = sealed, chat_id


def generate_key() -> str:
    """A fresh key, as an operator writes it."""
    return urlsafe_b64encode(AESSIV.generate_key(KEY_BITS)).decode().rstrip("=")


def parse_key(text: str) -> bytes:
    """The key that somebody wrote. Raises ValueError."""
    try:
        key = urlsafe_b64decode(text.strip() + "==")
    except ValueError:
        key = b""
    if len(key) * 8 != KEY_BITS:
        raise ValueError("a key made by newswire readers-key")
    return key


def cipher_of(dialect: Dialect) -> ChatIdCipher | None:
    """The seal of an engine's dialect, None if ids stand as they are."""
    return getattr(dialect, "newswire_seal", None)


def use_cipher(dialect: Dialect, seal: ChatIdCipher | None) -> None:
    """From now on the engine with this dialect seals with `seal`."""
    dialect.newswire_seal = seal  # type: ignore[attr-defined]


def to_stored(seal: ChatIdCipher | None, chat_id: int, dialect: str) -> int | bytes:
    """What stands in the database for an id."""
    if seal is None or chat_id <= 0:
        return chat_id
    sealed = seal.encrypt(chat_id)
    return sealed if dialect == "sqlite" else int.from_bytes(sealed)


def from_stored(seal: ChatIdCipher | None, stored: Any) -> int:
    """The id for which this stands. Raises WrongKey."""
    if not isinstance(stored, bytes):
        number = int(stored)
        if number < LOWEST_ENCRYPTED:
            return number
        stored = number.to_bytes(ENCRYPTED_BYTES)
    if seal is None:
        raise WrongKey
    return seal.decrypt(stored)


def is_private_id(stored: Any) -> bool:
    """Whether this stands for a private chat."""
    return isinstance(stored, bytes) or int(stored) > 0
