"""What `conferencing` on an event may say, and what comes of it.

Sources: https://docs.cronofy.com/developers/api/conferencing-services/create and
https://docs.cronofy.com/developers/authorization/access-modes/faqs (no `integrated` without write access)
"""

from typing import Final

from gateway.emulator.accounts import Profile, Record
from gateway.emulator.bodies import Body, object_of, text_of
from gateway.emulator.refusals import Complaints, required

NOT_AVAILABLE: Final = "errors.integrated_conferencing_not_available"
_NAMED: Final = ("default", "integrated", "explicit", "none")


def complaints_about(event: Body, profile: Profile | None) -> Complaints:
    """Say what is wrong with the conferencing of an event, if it has any.

    Args:
        event: as it was sent.
        profile: whose calendar it goes to; None if there is no one calendar, then the mode is not looked at.
    """
    if event.get("conferencing") is None:
        return {}
    wanted = object_of(event, "conferencing")
    profile_id = text_of(wanted, "profile_id")
    if not profile_id:
        return required("conferencing.profile_id")
    if profile_id == "explicit":
        missing = [name for name in ("join_url", "provider_description") if not text_of(wanted, name)]
        return required(*(f"conferencing.{name}" for name in missing))
    if profile_id not in _NAMED and not profile_id.startswith("pro_"):
        return {"conferencing.profile_id": ("errors.not_recognized", "profile_id is not recognized")}
    if profile_id == "integrated" and profile is not None and not profile.has_integrated_conferencing:
        return {"conferencing.profile_id": (NOT_AVAILABLE, "integrated conferencing is not available here")}
    return {}


def assigned(event: Body, profile: Profile, event_uid: str) -> Record | None:
    """Make the conferencing that an event gets, or None if it gets none."""
    wanted = event.get("conferencing")
    if not isinstance(wanted, dict):
        return None
    match text_of(wanted, "profile_id"):
        case "none":
            return None
        case "explicit":
            description, url = text_of(wanted, "provider_description"), text_of(wanted, "join_url")
            return {"provider_name": "explicit", "provider_description": description, "join_url": url}
        case "integrated" | "default":
            if not profile.has_integrated_conferencing:
                return None
            name = "google_meet" if profile.provider == "google" else "ms_teams"
            return {"provider_name": name, "join_url": f"https://meet.example.com/{event_uid}"}
        case _:
            return {"provider_name": "zoom", "join_url": f"https://zoom.example.com/{event_uid}"}
