"""Reading what Cronofy's token endpoint answered.

Bytes in; a token set out, or ReplyInvalid. Tolerant of what Cronofy may add, strict about what everything depends on.

Source: https://docs.cronofy.com/developers/api/authorization/request-token (an account, with `linking_profile`),
/refresh-token (neither `sub` nor `linking_profile`), /enterprise-connect/request-token (`service_account_id`).
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from gateway.rules.access_mode import AccessMode, Profile, mode_of_provider
from gateway.rules.client import AccountId

_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")
_LONGEST_LIFETIME: Final = 10 * 365 * 86_400


class ReplyInvalid(Exception):
    """What came back is not a token reply; the sentence never quotes it."""


@dataclass(frozen=True, slots=True)
class TokenSet:
    """A token reply.

    Attributes:
        access_token: never shown.
        refresh_token: never shown; present in every reply, on refresh too.
        expires_in: seconds.
        scope: as granted, space-separated.
        account: `acc_…`, `ser_…` or `apc_…`; empty on refresh.
        profile: the profile that was just connected; None where the reply names none.
        profile_name: what the person calls it, mostly an e-mail address.
        provider_name: Cronofy's name of its provider.
        profile_id: id of the profile that was just connected, also where its mode could not be told; empty where the
            reply names none.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: float
    scope: str
    account: AccountId
    profile: Profile | None
    profile_name: str = ""
    provider_name: str = ""
    profile_id: str = ""


def read_token_reply(raw: bytes) -> TokenSet:
    """Read a token reply.

    Raises:
        ReplyInvalid: it is not a JSON object with usable tokens and a lifetime.
    """
    try:
        reply = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ReplyInvalid("not JSON") from None
    if not isinstance(reply, dict):
        raise ReplyInvalid("not a JSON object")
    account = AccountId(next((reply[key] for key in _ACCOUNT_KEYS if isinstance(reply.get(key), str)), ""))
    return TokenSet(
        access_token=_token(reply, "access_token"),
        refresh_token=_token(reply, "refresh_token"),
        expires_in=_lifetime(reply),
        scope=reply["scope"] if isinstance(reply.get("scope"), str) else "",
        account=account,
        profile=_linking_profile(reply.get("linking_profile"), account),
        profile_name=_linking_text(reply, "profile_name"),
        provider_name=_linking_text(reply, "provider_name"),
        profile_id=_linking_text(reply, "profile_id"),
    )


_ACCOUNT_KEYS: Final = ("sub", "account_id", "service_account_id", "application_calendar_id")


def _token(reply: dict[str, Any], name: str) -> str:
    value = reply.get(name)
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ReplyInvalid(f"no usable {name}")
    return value


def _lifetime(reply: dict[str, Any]) -> float:
    value = reply.get("expires_in")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LONGEST_LIFETIME:
        raise ReplyInvalid("no usable expires_in")
    return float(value)


def _linking_profile(value: Any, account: AccountId) -> Profile | None:  # noqa: ANN401  straight from JSON
    if not isinstance(value, dict) or not isinstance(value.get("profile_id"), str):
        return None
    mode = mode_of_provider(value.get("provider_name"), value.get("provider_service"), account=account)
    return (
        None
        if mode is AccessMode.UNKNOWN
        else Profile(value["profile_id"], mode, name=name if isinstance(name := value.get("profile_name"), str) else "")
    )


def _linking_text(reply: dict[str, Any], name: str) -> str:
    profile = reply.get("linking_profile")
    value = profile.get(name) if isinstance(profile, dict) else None
    return value if isinstance(value, str) else ""


def with_handles(raw: bytes, *, access: str, refresh: str) -> bytes:
    """Return a token reply with handles in the place of its two tokens; every other member byte for byte.

    Args:
        raw: a reply that `read_token_reply` has read.
        access: what stands for the access token.
        refresh: what stands for the refresh token.
    """
    members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    handles = {"access_token": access, "refresh_token": refresh}
    return msgspec.json.encode(members | {name: msgspec.Raw(msgspec.json.encode(one)) for name, one in handles.items()})


def write_token_reply(*, access: str, refresh: str, expires_in: int, scope: str) -> bytes:
    """Return a refresh's answer as Cronofy writes it: the five members of its reference page.

    Args:
        access: the access token, or what stands for it.
        refresh: the refresh token, or what stands for it.
        expires_in: seconds.
        scope: as granted.

    Source: https://docs.cronofy.com/developers/api/authorization/refresh-token
    """
    members = {
        "token_type": "bearer",
        "access_token": access,
        "expires_in": expires_in,
        "refresh_token": refresh,
        "scope": scope,
    }
    return msgspec.json.encode(members)


def error_of_reply(raw: bytes) -> str:
    """Return the `error` member of a token endpoint's error body (RFC 6749 section 5.2); empty when there is none."""
    try:
        reply = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    error = reply.get("error") if isinstance(reply, dict) else None
    return error if isinstance(error, str) else ""
