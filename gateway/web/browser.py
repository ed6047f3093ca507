"""Which client's page is calling, and is it really its page?

A client is named by `Gateway-Client`, else by the one whose origins contain `Origin`, else by the only session cookie
there. Whatever names it, an `Origin` is judged against that very client.
"""

from dataclasses import dataclass
from typing import Any, Final, Protocol

from aiohttp import web
from aiohttp_session import get_session
from multidict import MultiMapping

from gateway.flows.registry import Registry
from gateway.flows.sessions import OpenSession
from gateway.rules.browser_calls import CLIENT_HEADER, CSRF_HEADER, check_csrf, check_origin, has_csrf
from gateway.rules.client import BrowserDoor, Client
from gateway.rules.cookies import CookieNames
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.web.session_storage import OPEN_SESSION, SESSION_CLIENT, SLIDE

LOGIN_PATH: Final = "/auth/login"


class Asking(Protocol):
    """A request, as far as its headers tell who asks."""

    @property
    def headers(self) -> MultiMapping[str]:
        """To look up by name."""
        ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser's session, as the handlers see it.

    Attributes:
        client: whose page it is.
        handle: the session's handle; never shown.
        data: what the session holds.
        times: when it ends.
    """

    client: Client
    handle: str
    data: dict[str, Any]
    times: OpenSession


@dataclass(frozen=True, slots=True)
class Browsers:
    """Tells browsers' calls apart."""

    registry: Registry
    names: CookieNames
    public_url: str

    def client_of(self, request: Asking) -> Client | None:
        """Return the client whose page calls; None when nothing names one.

        Raises:
            RequestRefused: `client_unknown`, or `client_ambiguous` when several could be meant.
        """
        named = request.headers.getall(CLIENT_HEADER, [])
        if len(named) > 1:
            raise RequestRefused(Code.CLIENT_AMBIGUOUS, f"The {CLIENT_HEADER} header is there more than once.")
        if named and named[0]:
            return self.registry.client(named[0])
        origin = request.headers.get("Origin", "")
        by_origin = [one for one in self.registry.browser_clients() if one.browser and origin in one.browser.origins]
        if len(by_origin) == 1:
            return by_origin[0]
        known: dict[str, Client] = {one.id: one for one in by_origin or self.registry.browser_clients()}
        by_cookie = [known[one] for one in self.names.clients(request.headers.getall("Cookie", [])) if one in known]
        if len(by_cookie) == 1:
            return by_cookie[0]
        if by_cookie or by_origin:
            raise RequestRefused(
                Code.CLIENT_AMBIGUOUS, f"Several clients could be meant; name one in the {CLIENT_HEADER} header."
            )
        return None

    def door_of(self, client: Client) -> BrowserDoor:
        """Return a client's browser door.

        Raises:
            RequestRefused: `client_unknown` for a client without pages.
        """
        if client.browser is None:
            raise RequestRefused(Code.CLIENT_UNKNOWN, "This client has no browser door: it has no origins and home.")
        return client.browser

    def check_page(self, request: Asking, client: Client, *, csrf: bool = True) -> None:
        """Insist that the call was written by one of the client's own pages.

        Raises:
            RequestRefused: `origin_refused` or `csrf_missing`.
        """
        check_origin(
            origins=request.headers.getall("Origin", []),
            fetch_site=request.headers.get("Sec-Fetch-Site", ""),
            allowed=self.door_of(client).origins | {self.public_url},
        )
        if csrf:
            check_csrf(request.headers.getall(CSRF_HEADER, []))

    def has_csrf(self, request: Asking) -> bool:
        """Say whether the fixed header is there."""
        return has_csrf(request.headers.getall(CSRF_HEADER, []))

    async def session(self, request: web.Request, client: Client, *, slide: bool = True) -> SignedIn | None:
        """Return the browser's session with a client, or None.

        Raises:
            RequestRefused: `cookie_repeated`.
            StoreUnavailable: it cannot be known now.
        """
        request[SESSION_CLIENT] = client
        request[SLIDE] = slide
        session = await get_session(request)
        if session.new or OPEN_SESSION not in request:
            return None
        return SignedIn(client, str(session.identity), dict(session), request[OPEN_SESSION])

    async def require_session(self, request: web.Request) -> SignedIn:
        """Return the session of a call by cookie that changes something.

        Raises:
            RequestRefused: the page is not the client's, or nobody is signed in.
            StoreUnavailable: it cannot be known now.
        """
        client = self.client_of(request)
        if client is None:
            raise not_signed_in("")
        self.check_page(request, client)
        signed_in = await self.session(request, client)
        if signed_in is None:
            raise not_signed_in(self.login_url(client))
        return signed_in

    def login_url(self, client: Client) -> str:
        """Return where a page navigates to sign somebody in."""
        return f"{self.public_url}{LOGIN_PATH}?client={client.id}"


def not_signed_in(login_url: str) -> RequestRefused:
    """Make the quiet 401, the same for a missing, damaged, expired and foreign cookie."""
    return RequestRefused(
        Code.NOT_SIGNED_IN,
        "Nobody is signed in here, or the session has ended.",
        headers={"WWW-Authenticate": 'Bearer realm="cronofy-gateway"'},
        members={"login_url": login_url} if login_url else {},
    )
