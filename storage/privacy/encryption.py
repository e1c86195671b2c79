"""Encryption of private chats' ids in the database; ids of channels and groups stay plain.

AES-SIV (RFC 5297) is deterministic: an id has one form under a key, so it can be looked up and kept unique.
An encrypted id has 24 bytes: SQLite stores them as a blob, PostgreSQL as a number.
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
#: Plain ids are lower.
LOWEST_ENCRYPTED = 2**63
#: Ids whose encrypted forms are kept in memory: a fan-out needs each several times in a row, and works on
#: about a thousand at once.
CACHE_SIZE = 4_000
_IDS, _KEY_CHECK = [b"newswire: private chat id"], [b"newswire: key check"]


class WrongKey(Exception):
    """The stored id was not encrypted with this key."""


class ChatIdCipher:
    """Encrypts and decrypts ids with one key. Every number above 0 is a private chat's id."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)
        self._encrypted: dict[int, bytes] = {}
        self._decrypted: dict[bytes, int] = {}

    @property
    def key_check(self) -> bytes:
        """A value by which a database recognizes its key."""
        return self._cipher.encrypt(b"newswire", _KEY_CHECK)

    def encrypt(self, chat_id: int) -> bytes:
        """The id's encrypted form, always the same under this key."""
        if (known := self._encrypted.get(chat_id)) is None:
            known = self._cipher.encrypt(struct.pack(">q", chat_id), _IDS)
            self._cache_pair(chat_id, known)
        return known

    def decrypt(self, encrypted: bytes) -> int:
        """The id. Raises WrongKey."""
        if (known := self._decrypted.get(encrypted)) is None:
            try:
                [known] = struct.unpack(">q", self._cipher.decrypt(encrypted, _IDS))
            except (InvalidTag, ValueError, struct.error):
                raise WrongKey from None
            self._cache_pair(known, encrypted)
        return known

    def _cache_pair(self, chat_id: int, encrypted: bytes) -> None:
        if len(self._encrypted) >= CACHE_SIZE:
            self._encrypted, self._decrypted = {}, {}
        self._encrypted[chat_id], self._decrypted[encrypted] = encrypted, chat_id


def generate_key() -> str:
    """A new random key as text, for READERS_KEY."""
    return urlsafe_b64encode(AESSIV.generate_key(KEY_BITS)).decode().rstrip("=")


def parse_key(text: str) -> bytes:
    """The key from its text. Raises ValueError."""
    try:
        key = urlsafe_b64decode(text.strip() + "==")
    except ValueError:
        key = b""
    if len(key) * 8 != KEY_BITS:
        raise ValueError("a key made by newswire readers-key")
    return key


def cipher_of(dialect: Dialect) -> ChatIdCipher | None:
    """The cipher of an engine's dialect, None if ids are stored plain."""
    return getattr(dialect, "newswire_cipher", None)


def use_cipher(dialect: Dialect, cipher: ChatIdCipher | None) -> None:
    """Let the engine with this dialect use `cipher`, or store ids plain if it is None."""
    dialect.newswire_cipher = cipher  # type: ignore[attr-defined]


def to_stored(cipher: ChatIdCipher | None, chat_id: int, dialect: str) -> int | bytes:
    """The value stored for an id."""
    if cipher is None or chat_id <= 0:
        return chat_id
    encrypted = cipher.encrypt(chat_id)
    return encrypted if dialect == "sqlite" else int.from_bytes(encrypted)


def from_stored(cipher: ChatIdCipher | None, stored: Any) -> int:
    """The id of a stored value. Raises WrongKey."""
    if not isinstance(stored, bytes):
        number = int(stored)
        if number < LOWEST_ENCRYPTED:
            return number
        stored = number.to_bytes(ENCRYPTED_BYTES)
    if cipher is None:
        raise WrongKey
    return cipher.decrypt(stored)


def is_private_id(stored: Any) -> bool:
    """Whether a stored value is the id of a private chat."""
    return isinstance(stored, bytes) or int(stored) > 0
