"""Reading and judging an authorize request, individual and enterprise.

A raw query in; the query that goes to Cronofy out, or a refusal. The gateway owns `client_id`, `redirect_uri`,
`response_type`, `scope` and `delegated_scope`; `state` must be single; every other parameter, unknown ones too, passes
on byte for byte. An empty parameter means an absent one, as pycronofy sends them.

Source: https://docs.cronofy.com/developers/api/authorization/request-authorization and
https://docs.cronofy.com/developers/api/enterprise-connect/request-authorization; RFC 6749 section 4.1.1.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final
from urllib.parse import quote

from gateway.rules.client import Application, Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import AuthorizeRefused, RequestRefused
from gateway.rules.queries import owned_parameters, parse_query, printable
from gateway.rules.redirect_uris import is_registered
from gateway.rules.scopes import SERVICE_ACCOUNT_PREFIX, parse_scopes, scopes_to_ask

OWNED: Final = frozenset({"client_id", "redirect_uri", "response_type", "scope", "delegated_scope"})
_SINGLE: Final = OWNED | {"state"}


class Connect(StrEnum):
    """Which of Cronofy's two ways of connecting is asked for."""

    INDIVIDUAL = "individual"
    ENTERPRISE = "enterprise"


PATHS: Final = {
    Connect.INDIVIDUAL: "/oauth/authorize",
    Connect.ENTERPRISE: "/enterprise_connect/oauth/authorize",
}


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """An authorize request as read; values are decoded, `raw_state` and `others` as sent."""

    connect: Connect
    client_id: str
    redirect_uri: str
    response_type: str
    scope: str
    delegated_scope: str
    raw_state: str
    others: tuple[str, ...]
    provider_name: str = ""


def read_authorize(raw_query: str, connect: Connect) -> AuthorizeRequest:
    """Read a raw query.

    Raises:
        RequestRefused: `parameter_repeated` for an owned parameter or `state` that is doubled or bracketed.
    """
    parameters = parse_query(raw_query)
    single = owned_parameters(parameters, _SINGLE)

    def value(name: str) -> str:
        return single[name].value if name in single else ""

    return AuthorizeRequest(
        connect=connect,
        client_id=value("client_id"),
        redirect_uri=value("redirect_uri"),
        response_type=value("response_type"),
        scope=value("scope"),
        delegated_scope=value("delegated_scope"),
        raw_state=printable(single["state"].raw_value) if "state" in single else "",
        provider_name=next((one.value for one in parameters if one.name == "provider_name" and one.value), ""),
        others=tuple(printable(one.raw) for one in parameters if one.name not in _SINGLE),
    )


def check_redirect_uri(request: AuthorizeRequest, client: Client) -> None:
    """Insist that the redirect URI is the client's own; until then nobody may be redirected anywhere.

    Raises:
        RequestRefused: `redirect_uri_unregistered`.
    """
    if not is_registered(request.redirect_uri, client.redirect_uris, any_loopback=client.any_loopback_redirect):
        raise RequestRefused(
            Code.REDIRECT_URI_UNREGISTERED,
            "The redirect_uri of this request is missing or not registered for this client.",
            detail=f"client {client.id}",
        )


def judge_authorize(request: AuthorizeRequest, client: Client, application: Application) -> str:
    """Return the URL at Cronofy that the person is sent to.

    Raises:
        AuthorizeRefused: to be told at the redirect URI: `unsupported_response_type`, `invalid_request` or
            `invalid_scope`.
    """
    if request.response_type != "code":
        code = Code.UNSUPPORTED_RESPONSE_TYPE if request.response_type else Code.INVALID_REQUEST
        raise AuthorizeRefused(code, "The parameter response_type must be code.")
    try:
        scope, delegated = _scopes(request, client)
    except RequestRefused as refused:
        raise AuthorizeRefused(refused.code, refused.public, detail=refused.detail) from refused
    owned = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": request.redirect_uri,
    }
    if scope:
        owned["scope"] = " ".join(scope)
    if delegated:
        owned["delegated_scope"] = " ".join(delegated)
    others = request.others
    if client.modes.hint and request.connect is Connect.INDIVIDUAL and not request.provider_name:
        owned["provider_name"] = client.modes.hint
        others = tuple(raw for raw in others if not raw.startswith("provider_name="))  # an empty one means absent
    pieces = [f"{name}={quote(value, safe='')}" for name, value in owned.items()]
    if request.raw_state:
        pieces.append(f"state={request.raw_state}")
    return f"{application.hosts.app}{PATHS[request.connect]}?{'&'.join([*pieces, *others])}"


def _scopes(request: AuthorizeRequest, client: Client) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (scope, delegated_scope) as they go to Cronofy."""
    ask = partial(scopes_to_ask, policy=client.scope_policy, allowed=client.allowed_scopes)
    if request.connect is Connect.ENTERPRISE:
        own = _service_account_scopes(request.scope)
        try:
            return own, ask(request.delegated_scope)
        except RequestRefused as refused:
            raise RequestRefused(refused.code, f"delegated_scope: {refused.public}") from refused
    if request.delegated_scope and not client.business_connect:
        raise RequestRefused(
            Code.INVALID_REQUEST, "The parameter delegated_scope is for clients with business_connect = true."
        )
    return ask(request.scope, organization=client.organization_connect), parse_scopes(request.delegated_scope)


def _service_account_scopes(raw: str) -> tuple[str, ...]:
    scopes = parse_scopes(raw)
    if not scopes or not all(scope.startswith(SERVICE_ACCOUNT_PREFIX) for scope in scopes):
        raise RequestRefused(
            Code.INVALID_SCOPE,
            "Enterprise Connect asks for service_account/… scopes; others go into delegated_scope.",
        )
    return scopes


def refusal_url(request: AuthorizeRequest, refused: AuthorizeRefused) -> str:
    """Return the redirect that tells the client, with its state byte for byte (RFC 6749 section 4.1.2.1)."""
    mark = "&" if "?" in request.redirect_uri else "?"
    told = f"error={refused.code}&error_description={quote(refused.public, safe='')}"
    state = f"&state={request.raw_state}" if request.raw_state else ""
    return f"{request.redirect_uri}{mark}{told}{state}"
