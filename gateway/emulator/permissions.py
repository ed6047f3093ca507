"""Requests that end in a browser: linking, extended permissions, conferencing accounts.

Each answers with a token or a URL on the app host; whoever opens the URL consents to it here.
Sources: https://docs.cronofy.com/developers/api-alpha/explicit-linking,
https://docs.cronofy.com/developers/api/authorization/extended-permissions and
https://docs.cronofy.com/developers/api/conferencing-services/authorization
"""

from html import escape
from typing import Final

from aiohttp import web

from gateway.emulator.accounts import Account, Record
from gateway.emulator.answers import answer
from gateway.emulator.authorize import LINK_TOKEN_LIFETIME
from gateway.emulator.bodies import Body, objects_of, text_of
from gateway.emulator.calls import Call
from gateway.emulator.ids import new_token, stable_id
from gateway.emulator.page_layout import error_page, html_page
from gateway.emulator.refusals import invalid, required
from gateway.emulator.state import STATE

CONFERENCING_PROVIDERS: Final = ("ms_teams", "go_to", "zoom")
_LEVELS: Final = ("unrestricted", "sandbox")


def link_token(call: Call) -> web.Response:
    """POST /v1/link_tokens: good once, for the account of the caller."""
    token = new_token()
    expires_at = call.state.settings.clock() + LINK_TOKEN_LIFETIME
    call.state.links[token] = {"sub": call.account.account_id, "expires_at": expires_at}
    return answer({"link_token": token})


def request_permissions(call: Call) -> web.Response:
    """POST /v1/permissions: accepted at once for a delegated account, a URL for everyone else."""
    wanted = objects_of(call.body, "permissions")
    if not wanted:
        raise invalid(required("permissions"))
    for one in wanted:
        _check_permission(call.account, one)
    if call.holder.granted_by:
        _grant_permissions(call.account, wanted)
        return answer({"permissions_request": {"accepted": True}})
    link: Record = {"kind": "permissions", "sub": call.account.account_id, "permissions": wanted}
    return answer({"permissions_request": {"url": _browser_link(call, link)}})


def request_conferencing(call: Call) -> web.Response:
    """POST /v1/conferencing_service_authorizations: a URL that connects Zoom, Teams or GoTo."""
    if not text_of(call.body, "redirect_uri"):
        raise invalid(required("redirect_uri"))
    provider = text_of(call.body, "provider_name") or "zoom"
    if provider not in CONFERENCING_PROVIDERS:
        allowed = ", ".join(CONFERENCING_PROVIDERS)
        raise invalid({"provider_name": ("errors.not_recognized", f"provider_name is one of {allowed}")})
    link: Record = {"kind": "conferencing", "sub": call.account.account_id, "provider_name": provider}
    return answer({"authorization_request": {"url": _browser_link(call, link)}})


async def open_link(request: web.Request) -> web.StreamResponse:
    """GET /links/{token}: what the person agrees to by opening it; then back to the app."""
    state = request.app[STATE]
    link = state.links.pop(request.match_info["token"], {})
    account = state.people.find(text_of(link, "sub"))
    if account is None:
        return error_page("This link is unknown or was used already.")
    query = ""
    if link["kind"] == "permissions":
        _grant_permissions(account, objects_of(link, "permissions"))
    else:
        query = f"last_linked_profile_id={_connect_conferencing(account, text_of(link, 'provider_name'))}"
    target = text_of(link, "redirect_uri")
    if not target.startswith(("http://", "https://")):
        return html_page("Done", f"<h1>Done</h1><p>{escape(account.email)} agreed.</p>")
    separator = "" if not query else "&" if "?" in target else "?"
    return web.Response(status=302, headers={"Location": target + separator + query})


def _browser_link(call: Call, link: Record) -> str:
    token = new_token()
    call.state.links[token] = link | {"redirect_uri": text_of(call.body, "redirect_uri")}
    return f"{call.origin}/links/{token}"


def _check_permission(account: Account, wanted: Body) -> None:
    if account.calendar(text_of(wanted, "calendar_id")) is None:
        raise invalid({"permissions": ("errors.not_recognized", "calendar_id names no calendar of the account")})
    if wanted.get("permission_level") not in _LEVELS:
        raise invalid({"permissions": ("errors.not_recognized", "permission_level is unrestricted or sandbox")})


def _grant_permissions(account: Account, wanted: list[Body]) -> None:
    for one in wanted:
        found = account.calendar(text_of(one, "calendar_id"))
        if found is not None:
            is_open = one.get("permission_level") == "unrestricted"
            found[1].permission_level = "unrestricted" if is_open else "sandbox"


def _connect_conferencing(account: Account, provider: str) -> str:
    profile_id = stable_id("pro", account.account_id, provider)
    if all(known["profile_id"] != profile_id for known in account.conferencing_profiles):
        account.conferencing_profiles.append(
            {
                "provider_name": provider,
                "profile_id": profile_id,
                "profile_name": account.email,
                "profile_connected": True,
            }
        )
    return profile_id
