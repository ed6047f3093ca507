"""The settings of clients that lie in the store: judged by the checks of the settings file, which they are not in."""

import re
from typing import Any, Final

from pydantic import ValidationError

from gateway.config import ClientSettings, Settings
from gateway.config.complaints import Complaint, SettingsInvalid
from gateway.config_check import check_client, complaint_of

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# A secret in clear has no place in a command line or in a file beside the settings.
_NOT_STORED: Final = ("secrets", "secrets_file")


def check_stored(client_id: str, table: dict[str, Any], settings: Settings) -> tuple[ClientSettings, list[Complaint]]:
    """Return a stored client's settings, and what is allowed yet deserves a word.

    Args:
        client_id: its id.
        table: what a `[clients.ID]` table would hold.
        settings: the gateway's, among which it is to work.

    Raises:
        SettingsInvalid: with every complaint.
    """
    place, found = f"clients.{client_id}", []
    if not _ID.fullmatch(client_id):
        found.append(Complaint(place, "is no client id", "use 1 to 64 of the letters A-Z, a-z, 0-9, _ and -"))
    for name in _NOT_STORED:
        if name in table:
            hint = f"take it out, and issue one with: cronofy-gateway clients secret {client_id}"
            found.append(Complaint(f"{place}.{name}", "is not for clients in the store", hint))
    rest = {name: value for name, value in table.items() if name not in _NOT_STORED}
    try:
        client = ClientSettings.model_validate(rest)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)
        raise SettingsInvalid([*found, *(complaint_of(one, "clients", client_id) for one in wrong)]) from None
    if not settings.applications:
        found.append(Complaint(f"{place}.application", "cannot be found: there is none", "add [applications.main]"))
    found += check_client(client_id, client, settings)
    if any(one.fatal for one in found):
        raise SettingsInvalid(found)
    return client, found


def named_settings(client: ClientSettings) -> dict[str, Any]:
    """Return the settings that were named, as the store keeps them: a later default counts for the others."""
    return client.model_dump(mode="json", exclude_unset=True)
