"""Reading `/v1/userinfo`: whose token it is, and the mode of each of the account's profiles.

The keys `cronofy.type` and `cronofy.data` are flat and hold a dot.

Source: https://docs.cronofy.com/developers/api/identity/userinfo
"""

from typing import Any

import msgspec

from gateway.rules.access_mode import AccessMode, AccountModes, Profile, mode_of_provider


class UserinfoInvalid(Exception):
    """The answer is not a userinfo document; the sentence never quotes it."""


def read_userinfo(raw: bytes, *, now: float) -> AccountModes:
    """Read a userinfo answer.

    Args:
        raw: the body.
        now: Unix time, in seconds.

    Raises:
        UserinfoInvalid: there is no usable `sub`.
    """
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UserinfoInvalid("not JSON") from None
    account = document.get("sub") if isinstance(document, dict) else None
    if not isinstance(account, str) or not account:
        raise UserinfoInvalid("no sub")
    data = document.get("cronofy.data")
    listed = data.get("profiles") if isinstance(data, dict) else None
    profiles = tuple(
        profile for one in _objects(listed) if (profile := _profile(one, account)).mode is not AccessMode.UNKNOWN
    )
    return AccountModes(account, profiles, whole=True, learnt_at=now)


def _profile(value: dict[str, Any], account: str) -> Profile:
    mode = mode_of_provider(value.get("provider_name"), value.get("provider_service"), account=account)
    calendars = (one.get("calendar_id") for one in _objects(value.get("profile_calendars")))
    profile_id = value.get("profile_id")
    return Profile(
        profile_id if isinstance(profile_id, str) else "",
        mode,
        frozenset(one for one in calendars if isinstance(one, str)),
        name=_text(value, "profile_name"),
        connected=value.get("profile_connected") is not False,
        relink_url=_text(value, "profile_relink_url"),
    )


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401  straight from JSON
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
