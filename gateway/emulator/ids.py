"""Ids and tokens in the forms that Cronofy uses.

Ids are derived from what they name, so a person keeps their `sub` across revocation, reset and restart.
Tokens are random.
"""

import hashlib
import secrets
from typing import Final

_TOKEN_BYTES: Final = 24  # 32 characters of base64: docs.cronofy.com/developers/api/authorization/request-token


def stable_id(prefix: str, *parts: str) -> str:
    """Name something by what it is: `acc_` and 24 hex digits, 28 characters like Cronofy's account ids."""
    return f"{prefix}_{fingerprint(*parts)[:24]}"


def stable_calendar_id(profile_id: str, name: str, *, with_at: bool) -> str:
    """Name a calendar. Real ids may hold an `@`, which careless path handling breaks on."""
    digits = fingerprint(profile_id, name)
    return f"cal_{digits[:10]}@{digits[10:32]}" if with_at else f"cal_{digits[:32]}"


def new_token() -> str:
    """Make a code, access token or refresh token: 32 ASCII characters."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def fingerprint(*parts: str) -> str:
    """Hash some texts into 64 hex digits; the separator keeps ("ab", "c") apart from ("a", "bc")."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
