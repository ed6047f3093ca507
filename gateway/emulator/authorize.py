"""The authorize paths, individual and enterprise: the consent, and the code that comes of it."""

import secrets
from dataclasses import replace
from typing import Final

from aiohttp import web

from gateway.emulator.accounts import Account
from gateway.emulator.authorize_request import (
    AuthorizeError,
    AuthorizeRequest,
    UnsafeRequestError,
    read_authorize_request,
)
from gateway.emulator.autoconsent import Choice, choice_from
from gateway.emulator.bodies import Body
from gateway.emulator.consent_page import consent_page
from gateway.emulator.grants import Grant
from gateway.emulator.identities import is_offered, pinned_by
from gateway.emulator.page_layout import error_page
from gateway.emulator.state import STATE, State

BROWSER_COOKIE: Final = "emulator_browser"
LINK_TOKEN_LIFETIME: Final = 300.0
"""Seconds. Cronofy calls link tokens temporary and says no more."""

ENTERPRISE_PATH: Final = "/enterprise_connect/oauth/authorize"
_MOST_SUGGESTED: Final = 100
_COOKIE_LIFETIME: Final = 365 * 24 * 3600


async def show(request: web.Request) -> web.StreamResponse:
    """GET: the consent page, or the answer at once if consent was given in advance."""
    state = request.app[STATE]
    try:
        asked = _read(request, state)
    except UnsafeRequestError as error:
        return error_page(str(error))
    except AuthorizeError as error:
        return _redirect(error.location)
    if state.autoconsent is not None:
        return _conclude(request, state, asked, _settled(asked, state.autoconsent))
    return consent_page(asked, known_emails=_known_emails(state))


async def decide(request: web.Request) -> web.StreamResponse:
    """POST: the consent form. Nothing is at stake here, so it carries no token against forgery."""
    state = request.app[STATE]
    try:
        asked = _read(request, state)
    except UnsafeRequestError as error:
        return error_page(str(error))
    except AuthorizeError as error:
        return _redirect(error.location)
    form = await request.post()
    fields: Body = {name: value for name, value in form.items() if isinstance(value, str) and value}
    if fields.get("decision") != "allow":
        return _conclude(request, state, asked, Choice(decline=True))
    pinned = pinned_by(asked.provider_name)
    answers = {name: fields[name] for name in ("email", "provider", "mode") if name in fields}
    if pinned.mode is not None or not asked.offers_modes:
        answers.pop("mode", None)
    choice = choice_from(answers)
    if not isinstance(choice, Choice):
        complaint = "; ".join(description for _, description in choice.values())
        email = str(fields.get("email", ""))
        return consent_page(asked, known_emails=_known_emails(state), complaint=complaint, email=email)
    # A mere preselection (`provider_name=google`) can be changed on the page; one that names a mode cannot.
    if pinned.mode is not None:
        choice = _settled(asked, choice)
    return _conclude(request, state, asked, choice)


def _read(request: web.Request, state: State) -> AuthorizeRequest:
    _, _, raw_query = request.raw_path.partition("?")
    return read_authorize_request(
        raw_query.partition("#")[0],
        client_id=state.settings.client_id,
        is_enterprise=request.path == ENTERPRISE_PATH,
    )


def _settled(asked: AuthorizeRequest, choice: Choice) -> Choice:
    """Let the authorize URL overrule a choice: its provider_name, then whether modes are offered at all."""
    pinned = pinned_by(asked.provider_name)
    provider = pinned.provider or choice.provider
    mode = pinned.mode or (choice.mode if asked.offers_modes else "read_write")
    if not is_offered(provider, mode):
        mode = "read_write"
    return replace(choice, provider=provider, mode=mode)


def _conclude(request: web.Request, state: State, asked: AuthorizeRequest, choice: Choice) -> web.StreamResponse:
    if choice.decline:
        return _redirect(asked.answered(error="access_denied", error_description="The person declined."))
    grant = Grant(
        account=Account(account_id=""),
        profile=None,
        scope=asked.scope,
        redirect_uri=asked.redirect_uri,
        delegated_scope=asked.delegated_scope,
    )
    if asked.is_enterprise:
        grant.account = state.people.connect_service(email=choice.email, provider=choice.provider, mode=choice.mode)
        return _redirect(asked.answered(code=state.grants.new_code(grant)))
    cookie = request.cookies.get(BROWSER_COOKIE, "")
    grant.account, grant.profile = state.people.connect(
        email=choice.email,
        provider=choice.provider,
        mode=choice.mode,
        link_to=_account_to_link(state, asked, cookie),
        may_link=not asked.avoids_linking,
    )
    response = _redirect(asked.answered(code=state.grants.new_code(grant)))
    if not asked.avoids_linking:
        cookie = cookie if state.people.find_browser(cookie) else secrets.token_urlsafe(24)
        state.people.browsers[cookie] = grant.account.account_id
        response.set_cookie(BROWSER_COOKIE, cookie, max_age=_COOKIE_LIFETIME, httponly=True, samesite="Lax")
    return response


def _account_to_link(state: State, asked: AuthorizeRequest, cookie: str) -> Account | None:
    link = state.links.pop(asked.link_token, None) if asked.link_token else None
    if link is not None and state.settings.clock() < float(str(link["expires_at"])):
        return state.people.find(str(link["sub"]))
    return None if asked.avoids_linking else state.people.find_browser(cookie)


def _known_emails(state: State) -> list[str]:
    # The newest: a crowd of a hundred thousand would be a page of megabytes.
    return [account.email for account in state.people.accounts.values() if account.email][-_MOST_SUGGESTED:]


def _redirect(location: str) -> web.Response:
    # A plain header, not HTTPFound: that would decode and re-encode the app's URL on its way.
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})
