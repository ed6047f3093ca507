"""aiohttp-session's storage over our sessions: one cookie per client, a handle in it, the record in the store.

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

SESSION_CLIENT: Final = web.RequestKey("session_client", Client)
OPEN_SESSION: Final = web.RequestKey("open_session", OpenSession)
SLIDE: Final = web.RequestKey("slide", bool)
_GONE: Final = "Thu, 01 Jan 1970 00:00:00 GMT"


class RecordStorage(AbstractStorage):
    """Sessions in record shape.

    Args:
        sessions: where they are.
        names: the cookies' names; secure ones where the public URL is https.
    """

    def __init__(self, sessions: Sessions, names: CookieNames) -> None:
        super().__init__(
            max_age=int(sessions.lifetimes.absolute), httponly=True, secure=names.secure, samesite="Lax", path="/"
        )
        self._sessions = sessions
        self._names = names

    async def load_session(self, request: web.Request) -> Session:
        """Return the session of the request's client; an empty one where there is none.

        Raises:
            RequestRefused: `cookie_repeated`.
            StoreUnavailable: it cannot be known now.
        """
        client = request[SESSION_CLIENT]
        handle = single_cookie(request.headers.getall("Cookie", []), self._names.session(client.id))
        found = await self._sessions.find(client, handle, slide=request.get(SLIDE, True)) if handle else None
        if found is None:
            return Session(None, data=None, new=True)
        request[OPEN_SESSION] = found
        data = {"created": int(found.created_at), "session": found.data}
        # Without max_age: aiohttp-session would judge it by the machine's clock and hand out an emptied session.
        return Session(handle, data=data, new=False)  # type: ignore[arg-type]

    async def save_session(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        """Write a changed session and its cookie; an emptied one is ended and its cookie deleted."""
        client = request[SESSION_CLIENT]
        name = self._names.session(client.id)
        if session.empty:
            if session.identity is not None:
                await self._sessions.end(client, str(session.identity))
            self.delete_cookie(response, client)
        elif session.new:
            handle = await self._sessions.create(client, dict(session))
            self._set(response, client, name, handle, max_age=self.max_age)
        else:
            await self._sessions.replace(client, str(session.identity), dict(session))

    def delete_cookie(self, response: web.StreamResponse, client: Client) -> None:
        """Delete a client's session cookie, with every attribute that it was set with."""
        self._set(response, client, self._names.session(client.id), "", max_age=0, expires=_GONE)

    def _set(self, response: web.StreamResponse, client: Client, name: str, value: str, **more: Any) -> None:  # noqa: ANN401
        strict = client.browser is not None and client.browser.strict
        response.set_cookie(
            name,
            value,
            path="/",
            httponly=True,
            secure=self._names.secure,
            samesite="Strict" if strict else "Lax",
            **more,
        )
