"""Sealing: AES-256-GCM under a key derived afresh for every sealing.

`version byte | key id (8) | salt (16) | nonce (12) | ciphertext and tag`. The derived key makes a repeated nonce
harmless in practice and keeps each key far from GCM's limits; purpose, client and record id are associated data, so
that a thing made for one of them is refused for another.

Source: NIST SP 800-38D (GCM), RFC 5869 (HKDF).
"""

import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.adapters.key_ring import KEY_BYTES, KEY_ID_BYTES, Key
from gateway.flows.ports import SealBroken

_VERSION: Final = b"\x01"
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEAD_BYTES: Final = 1 + KEY_ID_BYTES + _SALT_BYTES + _NONCE_BYTES


class AesGcmSealer:
    """Seals with one key of a ring, at first its newest, and opens with any."""

    def __init__(self, ring: Sequence[Key]) -> None:
        self._sealing = ring[0]
        self._by_id = {key.id: key for key in ring}
        self._elsewhere = frozenset[str]()

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Names of the keys, newest first."""
        return tuple(one.hex() for one in self._by_id)

    def settle(self, sealing: str, elsewhere: frozenset[str]) -> None:
        """Seal with this key from now on; `elsewhere` names keys that other nodes hold and this one lacks."""
        self._sealing = self._by_id[bytes.fromhex(sealing)]
        self._elsewhere = elsewhere

    def seal(self, plain: bytes, *, purpose: str, client: str, record_id: str) -> bytes:
        """Seal bytes for one purpose, client and record."""
        salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
        cipher = AESGCM(_derive(self._sealing, salt))
        head = _VERSION + self._sealing.id + salt + nonce
        return head + cipher.encrypt(nonce, plain, _context(head, purpose, client, record_id))

    def open(self, sealed: bytes, *, purpose: str, client: str, record_id: str) -> bytes:
        """Open what was sealed for the same purpose, client and record.

        Raises:
            SealBroken: always the same, whatever is wrong.
        """
        key = self._by_id.get(sealed[1 : 1 + KEY_ID_BYTES])
        if key is None or sealed[:1] != _VERSION or len(sealed) < _HEAD_BYTES + _TAG_BYTES:
            raise SealBroken
        head = sealed[:_HEAD_BYTES]
        salt = head[1 + KEY_ID_BYTES : -_NONCE_BYTES]
        cipher = AESGCM(_derive(key, salt))
        try:
            return cipher.decrypt(
                head[-_NONCE_BYTES:], sealed[_HEAD_BYTES:], _context(head, purpose, client, record_id)
            )
        except InvalidTag:
            raise SealBroken from None

    def key_of(self, sealed: bytes) -> str:
        """Return the name of the key that sealed something."""
        return sealed[1 : 1 + KEY_ID_BYTES].hex()

    def is_for_others(self, sealed: bytes) -> bool:
        """Say whether another node could open what this one lacks the key of."""
        return self.key_of(sealed) in self._elsewhere


def _derive(key: Key, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=b"cronofy-gateway seal 1").derive(key.secret)


def _context(head: bytes, *names: str) -> bytes:
    """Join what a sealing is for; each part is measured, so that no two contexts read the same."""
    parts = [name.encode() for name in names]
    return head + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
