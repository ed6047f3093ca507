"""What a mode forbids: conferencing through `profile_id: "integrated"`.

Conferencing works in every mode, but Teams and Meet through the calendar's own integration need a connection that can
write to the calendar, which Free/Busy and No-Access are not. `default`, `explicit`, `none` and `pro_…` always pass.

Source: https://docs.cronofy.com/developers/authorization/access-modes/faqs/
"""

from collections.abc import Mapping

from gateway.rules.access_mode import RESTRICTED, AccessMode, AccountModes
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused


def forbidding_mode(known: AccountModes, calendar_id: str) -> AccessMode | None:
    """Return the mode that forbids integrated conferencing on this calendar, or None when it may pass.

    Where the calendar is not known, every profile of the account must be restricted for a refusal: Cronofy decides the
    rest.
    """
    mode = known.of_calendar(calendar_id)
    if mode is not None:
        return mode if mode in RESTRICTED else None
    modes = known.all()
    return modes[0] if modes and RESTRICTED.issuperset(modes) else None


def way_out(mode: AccessMode) -> str:
    """Return the sentence that says why, and what to do instead."""
    return (
        f'The calendar is connected in {mode} mode, where profile_id "integrated" cannot work. Let the person connect '
        "Teams or Meet as a conferencing profile (POST /v1/conferencing_service_authorizations) and send its pro_… id, "
        'or send "default", "explicit" or "none".'
    )


def integrated_refused(fields: Mapping[str, AccessMode], *, connect_url: str = "") -> RequestRefused:
    """Make the refusal, with the way out in it.

    Args:
        fields: mode by path of each field that asked for it.
        connect_url: where the person can connect Teams or Meet at once; empty where none is at hand.
    """
    sentences = {field: way_out(mode) for field, mode in fields.items()}
    return RequestRefused(
        Code.INTEGRATED_CONFERENCING_REFUSED,
        next(iter(sentences.values())),
        fields=sentences,
        members={"connect_url": connect_url} if connect_url else {},
    )
