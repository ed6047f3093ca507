"""Reading an authorize request, and the answers that go back to its redirect URI.

Sources: https://docs.cronofy.com/developers/api/authorization/request-authorization,
https://docs.cronofy.com/developers/api/enterprise-connect/request-authorization and RFC 6749 section 4.1
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit

from gateway.emulator import scopes

_CARRIED: Final = "".join(chr(code) for code in range(0x21, 0x7F))
_SAFE_URI: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizeRequest:
    """A request whose client and redirect URI are known to be good.

    `raw_state` is as it stood in the query, percent signs and all: it goes back byte for byte.
    """

    redirect_uri: str
    raw_state: str | None
    is_enterprise: bool
    scope: str = ""
    delegated_scope: str = ""
    provider_name: str = ""
    link_token: str = ""
    avoids_linking: bool = False

    @property
    def offers_modes(self) -> bool:
        """Whether the person chooses an access mode."""
        return scopes.offer_access_modes(self.delegated_scope if self.is_enterprise else self.scope)

    def answered(self, **parameters: str) -> str:
        """The redirect URI with these parameters, and the state, added to its query."""
        parts = [f"{name}={quote(value, safe='')}" for name, value in parameters.items()]
        if self.raw_state is not None:
            # Printable ASCII, percent signs included, passes as it is; only what no header can carry is quoted.
            parts.append(f"state={quote(self.raw_state, safe=_CARRIED, errors='surrogateescape')}")
        separator = "&" if "?" in self.redirect_uri else "?"
        return self.redirect_uri + separator + "&".join(parts)


class UnsafeRequestError(Exception):
    """The client or the redirect URI is wrong: the person sees a page, nobody is redirected (RFC 6749)."""


class AuthorizeError(Exception):
    """An error for the app, told at its redirect URI as RFC 6749 section 4.1.2.1 says."""

    def __init__(self, location: str) -> None:
        super().__init__("authorize error")
        self.location = location


def read_authorize_request(raw_query: str, *, client_id: str, is_enterprise: bool) -> AuthorizeRequest:
    """Read the query of an authorize request.

    Args:
        raw_query: as it came over the wire, undecoded.
        client_id: the application that is known.
        is_enterprise: it came to `/enterprise_connect/oauth/authorize`.

    Raises:
        UnsafeRequestError: there is no application or no redirect URI to answer to.
        AuthorizeError: the app is told what is wrong.
    """
    raw = _raw_parameters(raw_query)
    asked = {name: unquote_plus(value) for name, value in raw.items()}
    if asked.get("client_id") != client_id:
        raise UnsafeRequestError("No application has this client_id.")
    redirect_uri = asked.get("redirect_uri", "")
    if not _is_absolute_http(redirect_uri):
        raise UnsafeRequestError("The redirect_uri must be an absolute http or https URL without a fragment.")
    request = AuthorizeRequest(
        redirect_uri=redirect_uri,
        raw_state=raw.get("state"),
        is_enterprise=is_enterprise,
        scope=" ".join(asked.get("scope", "").split()),
        delegated_scope=" ".join(asked.get("delegated_scope", "").split()),
        provider_name=asked.get("provider_name", ""),
        link_token=asked.get("link_token", ""),
        avoids_linking=asked.get("avoid_linking", "").lower() in {"true", "1"},
    )
    problem = _problem_of(request, asked.get("response_type", ""))
    if problem is not None:
        error, description = problem
        raise AuthorizeError(request.answered(error=error, error_description=description))
    return request


def _problem_of(request: AuthorizeRequest, response_type: str) -> tuple[str, str] | None:
    if not response_type:
        return "invalid_request", "response_type is missing"
    if response_type != "code":
        return "unsupported_response_type", "response_type must be code"
    if not request.is_enterprise:
        # Business Connect adds a delegated_scope here; without it there is nothing more to check.
        known = scopes.are_known(request.scope) and (
            not request.delegated_scope or scopes.are_known(request.delegated_scope)
        )
        return None if known else ("invalid_scope", "scope is missing or names an unknown scope")
    if not request.delegated_scope:
        return "invalid_request", "delegated_scope is missing"
    if not scopes.are_known_for_service(request.scope) or not scopes.are_known(request.delegated_scope):
        return "invalid_scope", "scope or delegated_scope names an unknown scope"
    return None


def _raw_parameters(raw_query: str) -> dict[str, str]:
    # Empty means absent (the Python SDK sends `state=`), and of a doubled parameter the last one counts.
    pairs = (part.partition("=") for part in raw_query.split("&"))
    return {unquote_plus(name): value for name, _, value in pairs if value}


def _is_absolute_http(uri: str) -> bool:
    if not _SAFE_URI.fullmatch(uri) or "#" in uri:
        return False
    try:
        parts = urlsplit(uri)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
