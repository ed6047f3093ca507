"""What a mode forbids: conferencing through `profile_id: "integrated"`.

Conferencing works in every mode, but Teams and Meet through the calendar's own integration need a connection that can
write to the calendar, which Free/Busy and No-Access are not. `default`, `explicit`, `none` and `pro_…` always pass.

Source: https://docs.cronofy.com/developers/authorization/access-modes/faqs/
"""

from typing import Any, Final

from gateway.rules.access_mode import RESTRICTED, AccessMode, AccountModes
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

FIELD: Final = "conferencing.profile_id"
_INTEGRATED: Final = "integrated"


def asks_for_integrated(event: Any) -> bool:  # noqa: ANN401  straight from JSON
    """Say whether an event's body asks for integrated conferencing."""
    conferencing = event.get("conferencing") if isinstance(event, dict) else None
    return isinstance(conferencing, dict) and conferencing.get("profile_id") == _INTEGRATED


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


def integrated_refused(mode: AccessMode) -> RequestRefused:
    """Make the refusal, with the way out in it."""
    way_out = (
        f'The calendar is connected in {mode} mode, where profile_id "integrated" cannot work. Let the person connect '
        "Teams or Meet as a conferencing profile (POST /v1/conferencing_service_authorizations) and send its pro_… id, "
        'or send "default", "explicit" or "none".'
    )
    return RequestRefused(Code.INTEGRATED_CONFERENCING_REFUSED, way_out, fields={FIELD: way_out})
