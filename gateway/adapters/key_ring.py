"""The encryption keys, newest first: the first one seals, all of them open.

A key is 32 random bytes in URL-safe base64, as `cronofy-gateway keys generate` prints it; several stand behind each
other, separated by `;` or line ends.
"""

import base64
import binascii
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 8
_FEWEST_DIFFERENT_BYTES: Final = 12  # 32 random bytes hold fewer with a chance below 1e-20


class KeyRingInvalid(Exception):
    """The ring cannot be used; the sentence never quotes a key."""


@dataclass(frozen=True, slots=True)
class Key:
    """An encryption key and its name, which stands in everything that it sealed."""

    id: bytes
    secret: bytes = field(repr=False)


def generate_key() -> str:
    """Return a new key in its written form."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def parse_key_ring(written: str) -> tuple[Key, ...]:
    """Read a ring.

    Raises:
        KeyRingInvalid: there is no key, or one is not 32 bytes of base64, weak, or there twice.
    """
    keys = tuple(_parse(part, place) for place, part in enumerate(filter(None, re.split(r"[;\s]+", written)), start=1))
    if not keys:
        raise KeyRingInvalid("there is no key; make one with: cronofy-gateway keys generate")
    if len({key.id for key in keys}) != len(keys):
        raise KeyRingInvalid("the same key stands in the ring twice")
    return keys


def _parse(written: str, place: int) -> Key:
    try:
        secret = base64.b64decode(written.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeyRingInvalid(f"key {place} is not {KEY_BYTES} bytes in base64")
    if len(set(secret)) < _FEWEST_DIFFERENT_BYTES:
        raise KeyRingInvalid(f"key {place} is not random; make one with: cronofy-gateway keys generate")
    return Key(hashlib.sha256(b"cronofy-gateway key id\0" + secret).digest()[:KEY_ID_BYTES], secret)
