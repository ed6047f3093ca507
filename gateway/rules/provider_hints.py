"""Leading a person to an access mode: Cronofy's `provider_name`, which skips its chooser.

Free/Busy is per provider; without one Cronofy asks.

Source: https://docs.cronofy.com/developers/authorization/access-modes/free-busy and /no-access.
"""

from typing import Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

_FREE_BUSY: Final = {"google": "google_free_busy", "microsoft": "ms_graph_free_busy"}
_PROVIDERS: Final = {"google": "google", "microsoft": "office365", "apple": "apple", "exchange": "exchange"}
_MODES: Final = frozenset({"", "read_write", "free_busy", "no_access"})


def provider_hint(mode: str, provider: str) -> str:
    """Return Cronofy's `provider_name` for a preferred mode and provider; empty for none.

    Raises:
        RequestRefused: `invalid_request` for a name that is not known, or a pair that cannot be.
    """
    if mode not in _MODES:
        raise RequestRefused(Code.INVALID_REQUEST, "The parameter mode must be read_write, free_busy or no_access.")
    if provider and provider not in _PROVIDERS:
        raise RequestRefused(Code.INVALID_REQUEST, f"The parameter provider must be one of {', '.join(_PROVIDERS)}.")
    if mode == "no_access":
        return "cronofy"
    if mode == "free_busy":
        if provider and provider not in _FREE_BUSY:
            raise RequestRefused(Code.INVALID_REQUEST, "Free/Busy is for google and microsoft only.")
        return _FREE_BUSY.get(provider, "")
    return _PROVIDERS.get(provider, "")
