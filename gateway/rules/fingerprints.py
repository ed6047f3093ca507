"""Naming a secret without keeping it.

What is fingerprinted here is random and long (a token of 32 characters, a generated client secret), so a plain SHA-256
cannot be searched backwards; the label keeps the names of different kinds apart.
"""

import hashlib
import re
from typing import Final

_LABEL: Final = b"cronofy-gateway/1/"
_SHAPE: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def fingerprint(kind: str, *parts: str) -> str:
    """Return a name of 64 hex digits for a secret, or for several parts together.

    Args:
        kind: what it is, such as `token` or `secret`; never contains a NUL.
        parts: the secret; each part is measured, so that no two lists of parts share a name.
    """
    digest = hashlib.sha256(_LABEL + kind.encode() + b"\0")
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def is_fingerprint(text: str) -> bool:
    """Say whether something has the shape of a fingerprint."""
    return _SHAPE.fullmatch(text) is not None
