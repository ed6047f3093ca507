"""Sealed bytes as the value of a cookie, and back.

Base64 has several spellings of the same bytes; one of them is taken, so that what comes back is what was sent.
"""

import base64


def as_cookie(sealed: bytes) -> str:
    """Return bytes as a cookie's value."""
    # Without padding: `=` would make the cookie's writer put quotes around it.
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def of_cookie(value: str) -> bytes:
    """Return the bytes of a cookie's value.

    Raises:
        ValueError: it is no base64, or another spelling of it than `as_cookie` writes.
    """
    sealed = base64.urlsafe_b64decode(value.encode() + b"=" * (-len(value) % 4))
    if as_cookie(sealed) != value:
        raise ValueError("another spelling")
    return sealed
