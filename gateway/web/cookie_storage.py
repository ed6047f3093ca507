"""aiohttp-session's storage in cookie shape: the sealed session is the cookie.

aiohttp-session saves a session that a handler changed. Here it also has to be written when its tokens were refreshed or
its idle time began again, which no handler does, and on streamed answers: `carry` sets the cookie before the head.
"""

from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp_session import Session

from gateway.flows.cookie_sessions import CookieSession, CookieSessions
from gateway.observe import events
from gateway.rules.client import Client
from gateway.rules.cookies import CookieNames
from gateway.rules.errors import GatewayError
from gateway.web.session_storage import SESSION_CLIENT, SLIDE, SessionStorage, opened

CARRIED: Final = web.RequestKey("carried_session", CookieSession)

_log = structlog.get_logger()


class CookieStorage(SessionStorage):
    """Sessions in cookie shape.

    Args:
        sessions: makes and opens them.
        names: the cookies' names; secure ones where the public URL is https.
    """

    def __init__(self, sessions: CookieSessions, names: CookieNames) -> None:
        super().__init__(sessions.lifetimes, names)
        self._sessions = sessions

    async def load_session(self, request: web.Request) -> Session:
        """Return the session of the request's client; an empty one where there is none.

        Raises:
            RequestRefused: `cookie_repeated`.
        """
        client, value, slide = request[SESSION_CLIENT], self._find(request), request.get(SLIDE, True)
        found = await self._sessions.open(client, value, slide=slide) if value else None
        if found is None:
            return Session(None, data=None, new=True)
        request[CARRIED] = found
        return opened(request, found.id, self._sessions.times(found, slide=slide))

    async def save_session(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        """Set the cookie of a changed session; an emptied one is ended and its cookie deleted.

        Raises:
            GatewayError: `session_too_large`; the old cookie is left alone.
        """
        client, carried = request[SESSION_CLIENT], request.get(CARRIED)
        if session.empty:
            if session.identity is not None:
                await self._sessions.end(client, str(session.identity))
            self.delete_cookie(response, client)
        elif session.new or carried is None:
            self._set(response, client, await self._sessions.issue(client, dict(session)), max_age=self.max_age)
        else:
            await self._renew(request, response, carried, dict(session))

    async def check_fits(self, client: Client, data: dict[str, Any]) -> None:
        """Make sure that a new session with this data fits into a cookie.

        Raises:
            GatewayError: `session_too_large`.
        """
        await self._sessions.issue(client, data)

    async def carry(self, request: web.Request, response: web.StreamResponse) -> None:
        """Set a new cookie where the one that came is behind; where that fails the old one is left alone."""
        carried = request.get(CARRIED)
        if carried is None or self._name(request[SESSION_CLIENT]) in response.cookies:
            return
        try:
            await self._renew(request, response, carried)
        except GatewayError as error:
            client = request[SESSION_CLIENT].id
            _log.warning(events.SESSION_OUTGROWN, client=client, code=str(error.code), detail=error.detail)

    async def _renew(
        self,
        request: web.Request,
        response: web.StreamResponse,
        carried: CookieSession,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Set the cookie of a living session where it is behind; it ends when it would have ended."""
        client, slide = request[SESSION_CLIENT], request.get(SLIDE, True)
        value = await self._sessions.renewed(client, carried, slide=slide, data=data)
        if value is not None:
            left = self._sessions.times(carried, slide=slide).expires_in
            self._set(response, client, value, max_age=int(left))
