"""UI Elements: the tokens that they carry in the query as `et`, and what such a token lets in.

What an Element calls was read off Cronofy's own script (cronofy-elements of the npm registry). How Cronofy answers a
token that may not do something is not published; 403 is what the script has a sentence for.

Source: https://docs.cronofy.com/developers/ui-elements/authentication
"""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from gateway.emulator.authorizations import Authorization
from gateway.emulator.grants import Grants
from gateway.emulator.refusals import RefusalError, unrecognized

PARAMETER: Final = "et"
LIFETIME: Final = 64_800.0
"""Seconds, as on the UI Elements page."""
PERMISSIONS: Final = ("agenda", "account_management", "availability", "managed_availability")

_AGENDA: Final = frozenset({"agenda"})
_AVAILABILITY: Final = frozenset({"availability"})
_RULES: Final = frozenset({"managed_availability"})
_ACCOUNT: Final = frozenset({"account_management"})
_CALLS: Final = {
    ("GET", "/v1/userinfo"): _AGENDA | _ACCOUNT | _RULES,
    ("GET", "/v1/events"): _AGENDA,
    ("GET", "/v1/events/pages/{page_id}"): _AGENDA,
    ("GET", "/v1/free_busy"): _AGENDA,
    ("GET", "/v1/free_busy/pages/{page_id}"): _AGENDA,
    ("POST", "/v1/availability"): _AVAILABILITY,
    ("POST", "/v1/sequenced_availability"): _AVAILABILITY,
    ("GET", "/v1/availability_rules/{rule_id}"): _RULES,
    ("POST", "/v1/availability_rules"): _RULES,
    ("POST", "/v1/profiles/{profile_id}/revoke"): _ACCOUNT,
}


@dataclass(frozen=True, slots=True)
class ElementToken:
    """What an element token is for."""

    permissions: tuple[str, ...]
    subs: tuple[str, ...]
    origin: str
    expires_at: float


def let_element_in(
    known: dict[str, ElementToken], grants: Grants, request: web.Request, now: float
) -> tuple[ElementToken, Authorization | None]:
    """Let a call with an element token in, or refuse it.

    Returns:
        The token, and the authorization of the account behind it; None where the call names accounts itself.
    """
    token = known.get(request.query[PARAMETER])
    if token is None or now >= token.expires_at or len(request.query.getall(PARAMETER)) > 1:
        raise unrecognized()
    if request.headers.get("Origin", token.origin) != token.origin:
        raise _refused()
    resource = request.match_info.route.resource
    wanted = _CALLS.get((request.method, resource.canonical if resource else ""), frozenset())
    if not wanted & set(token.permissions):
        raise _refused()
    if wanted == _AVAILABILITY:
        return token, None
    # Agenda and the like show one account (docs: UI Elements, subs).
    authorization = grants.of_account(token.subs[0]) if len(token.subs) == 1 else None
    if authorization is None:
        raise _refused()
    return token, authorization


def _refused() -> RefusalError:
    return RefusalError(403, {"error": "insufficient_permissions"})
