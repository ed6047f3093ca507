"""The signature on Cronofy's callbacks: checked when one comes in, made anew when it goes on to a client's app.

Bytes and secrets in, a header's value or a yes out. The header holds one signature per active client secret, split by
commas; it is enough that one of them is right. There is nothing in it against a replay.

Source: https://docs.cronofy.com/developers/push-notifications/authentication (the client secret is the key, the raw
body the message, the digest in standard base64).
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

SIGNATURE_HEADER: Final = "Cronofy-HMAC-SHA256"


def sign(raw: bytes, secrets: Iterable[str]) -> str:
    """Return the header's value for a body: one signature per secret.

    Joined by a bare comma: the Python, Node, Ruby and PHP SDKs split there and do not trim.
    """
    return ",".join(_signature(raw, secret) for secret in secrets)


def is_signed(raw: bytes, header: str, secrets: Iterable[str]) -> bool:
    """Say whether a header holds the signature of a body by one of the secrets.

    Each comparison takes the same time wherever the two differ.

    Args:
        raw: the body, as it came.
        header: the header's value; several lines are joined by commas.
        secrets: every active one.
    """
    offered = [part.strip().encode("utf-8", "surrogateescape") for part in header.split(",")]
    made = [_signature(raw, secret).encode() for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in offered for other in made)


def _signature(raw: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
