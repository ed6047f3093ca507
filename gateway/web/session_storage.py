"""aiohttp-session's storage over our sessions: one cookie per client; in record shape it holds a handle.

aiohttp-session knows one fixed cookie name per storage; here the name is chosen by the client that the request was
matched to (`request[SESSION_CLIENT]`). Deleting repeats every attribute, since browsers ignore the deletion of a
`__Host-` cookie that lacks Secure (CVE-2025-55162).
"""

from typing import Any, Final

from aiohttp import web
from aiohttp_session import AbstractStorage, Session

from gateway.flows.sessions import OpenSession, Sessions
from gateway.rules.client import Client
from gateway.rules.cookies import CookieNames, single_cookie
from gateway.rules.session_times import Lifetimes

SESSION_CLIENT: Final = web.RequestKey("session_client", Client)
OPEN_SESSION: Final = web.RequestKey("open_session", OpenSession)
SLIDE: Final = web.RequestKey("slide", bool)
_GONE: Final = "Thu, 01 Jan 1970 00:00:00 GMT"


class SessionStorage(AbstractStorage):
    """What the storages of both shapes have in common: the cookie.

    Args:
        lifetimes: of a session.
        names: the cookies' names; secure ones where the public URL is https.
    """

    def __init__(self, lifetimes: Lifetimes, names: CookieNames) -> None:
        super().__init__(max_age=int(lifetimes.absolute), httponly=True, secure=names.secure, samesite="Lax", path="/")
        self._names = names

    async def check_fits(self, client: Client, data: dict[str, Any]) -> None:
        """Make sure that a new session with this data can be made, before an old one is ended for it.

        Raises:
            GatewayError: `session_too_large`.
        """

    async def carry(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put into an answer what its request has changed of the session, before the head is sent.

        aiohttp-session saves what a handler changed, and of answers that are not streamed only. A cookie that is set in
        `on_response_prepare` is lost.
        """

    def delete_cookie(self, response: web.StreamResponse, client: Client) -> None:
        """Delete a client's session cookie, with every attribute that it was set with."""
        self._set(response, client, "", max_age=0, expires=_GONE)

    def _find(self, request: web.Request) -> str | None:
        """Return the session cookie of the request's client.

        Raises:
            RequestRefused: `cookie_repeated`.
        """
        return single_cookie(request.headers.getall("Cookie", []), self._name(request[SESSION_CLIENT]))

    def _name(self, client: Client) -> str:
        return self._names.session(client.id)

    def _set(self, response: web.StreamResponse, client: Client, value: str, **more: Any) -> None:  # noqa: ANN401
        strict = client.browser is not None and client.browser.strict
        response.set_cookie(
            self._name(client),
            value,
            path="/",
            httponly=True,
            secure=self._names.secure,
            samesite="Strict" if strict else "Lax",
            **more,
        )


class RecordStorage(SessionStorage):
    """Sessions in record shape.

    Args:
        sessions: where they are.
        names: the cookies' names; secure ones where the public URL is https.
    """

    def __init__(self, sessions: Sessions, names: CookieNames) -> None:
        super().__init__(sessions.lifetimes, names)
        self._sessions = sessions

    async def load_session(self, request: web.Request) -> Session:
        """Return the session of the request's client; an empty one where there is none.

        Raises:
            RequestRefused: `cookie_repeated`.
            StoreUnavailable: it cannot be known now.
        """
        client, handle = request[SESSION_CLIENT], self._find(request)
        found = await self._sessions.find(client, handle, slide=request.get(SLIDE, True)) if handle else None
        if handle is None or found is None:
            return Session(None, data=None, new=True)
        return opened(request, handle, found)

    async def save_session(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        """Write a changed session and its cookie; an emptied one is ended and its cookie deleted."""
        client = request[SESSION_CLIENT]
        if session.empty:
            if session.identity is not None:
                await self._sessions.end(client, str(session.identity))
            self.delete_cookie(response, client)
        elif session.new:
            handle = await self._sessions.create(client, dict(session))
            self._set(response, client, handle, max_age=self.max_age)
        else:
            await self._sessions.replace(client, str(session.identity), dict(session))


def opened(request: web.Request, identity: str, found: OpenSession) -> Session:
    """Return aiohttp-session's object of a living session, and note the session in the request."""
    request[OPEN_SESSION] = found
    data = {"created": int(found.created_at), "session": found.data}
    # Without max_age: aiohttp-session would judge it by the machine's clock and hand out an emptied session.
    return Session(identity, data=data, new=False)  # type: ignore[arg-type]
