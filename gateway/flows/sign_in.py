"""Signing in through the browser door: from `/auth/login` to a connection.

The flow is sealed in a cookie of its own, so that a state is good in the browser that began it and nowhere else,
several tabs do not disturb each other, and a login that nobody finishes costs the store nothing. A finished flow is
marked in the store, once, so that it cannot be finished again.

Source: RFC 6749 section 10.12; RFC 9700 section 4.7 (state bound to the browser).
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

import msgspec

from gateway.flows.connections import Connections
from gateway.flows.one_time import Reconnection
from gateway.flows.ports import Clock, Record, SealBroken, Sealer, VersionMoved
from gateway.flows.registry import Registry
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.stored_connection import Stored
from gateway.flows.tokens import TokenDoor
from gateway.rules.authorize_request import Connect, judge_authorize, read_authorize
from gateway.rules.client import BrowserDoor, Client
from gateway.rules.cookie_text import as_cookie, of_cookie
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.login_request import LoginRequest, login_query
from gateway.rules.token_reply import TokenSet

FLOW: Final = "flow"
FLOW_SECONDS: Final = 600.0
MOST_FLOWS: Final = 7
# nginx and aiohttp refuse a header line over 8 KB, and the app's own cookies have to fit in as well. The cookies of
# sessions are taken off: in cookie shape they are large themselves.
MOST_FLOW_BYTES: Final = 5_000
CALLBACK_PATH: Final = "/auth/callback"
_ID_BYTES: Final = 6
_STATE_BYTES: Final = 24


class Flow(msgspec.Struct, frozen=True):
    """A sign-in under way.

    Attributes:
        client: client id.
        secret: the unguessable half of the state.
        return_to: where the browser goes afterwards; judged when the flow began.
        connect: which of the two ways.
        began_at: Unix time, in seconds.
        carries: name of the session's record whose data goes into the new one (a reconnection); empty for none.
        wanted_mode: the access mode that a reconnection was for; empty for none.
    """

    client: str
    secret: str
    return_to: str
    connect: Connect
    began_at: float
    carries: str = ""
    wanted_mode: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """A flow that began: its id, its sealed cookie, and the URL at Cronofy."""

    flow_id: str
    cookie: str
    location: str


@dataclass(frozen=True, slots=True)
class SignIns:
    """Begins flows and finishes them."""

    registry: Registry
    connections: Connections
    tokens: TokenDoor
    records: SealedRecords
    sealer: Sealer
    clock: Clock
    public_url: str

    @property
    def redirect_uri(self) -> str:
        """The gateway's own redirect URI, which has to be on Cronofy's list."""
        return self.public_url + CALLBACK_PATH

    def begin(
        self, client: Client, door: BrowserDoor, asked: LoginRequest, return_to: str, wish: Reconnection | None = None
    ) -> Begun:
        """Begin a flow.

        Args:
            client: who signs somebody in.
            door: its browser door.
            asked: the login request.
            return_to: the judged return target.
            wish: the reconnection that this is, if it is one.

        Raises:
            RequestRefused: the client's own settings ask for scopes that it may not ask for.
        """
        now = self.clock.now()
        flow_id = f"{int(now):x}-{secrets.token_hex(_ID_BYTES)}"
        flow = Flow(client.id, secrets.token_urlsafe(_STATE_BYTES), return_to, asked.connect, now)
        if wish is not None:
            flow = msgspec.structs.replace(flow, carries=wish.carries, wanted_mode=wish.mode)
        sealed = self.sealer.seal(msgspec.json.encode(flow), purpose=FLOW, client="", record_id=flow_id)
        query = login_query(
            connect=asked.connect,
            state=f"{flow_id}.{flow.secret}",
            scopes=_scopes(asked.connect, door),
            extra={
                "client_id": client.id,
                "redirect_uri": self.redirect_uri,
                "avoid_linking": "true" if door.avoid_linking else "",
                "provider_name": asked.provider_name,
                "locale": asked.locale,
            },
        )
        application = self.registry.application_of(client)
        location = judge_authorize(read_authorize(query, asked.connect), client, application)
        return Begun(flow_id, as_cookie(sealed), location)

    def recognise(self, state: str, cookie: str | None) -> tuple[str, Flow]:
        """Return the flow that a callback belongs to, with its id; nothing is consumed yet.

        Args:
            state: the callback's state; one and not empty.
            cookie: the flow's cookie, of the browser that calls back.

        Raises:
            RequestRefused: `state_refused`, the same for every reason.
        """
        flow_id, dot, secret = state.partition(".")
        if not (flow_id and dot and secret and cookie):
            raise _not_recognised()
        try:
            plain = self.sealer.open(of_cookie(cookie), purpose=FLOW, client="", record_id=flow_id)
            flow = msgspec.json.decode(plain, type=Flow)
        except (SealBroken, msgspec.DecodeError, ValueError):
            raise _not_recognised() from None
        if not hmac.compare_digest(flow.secret.encode(), secret.encode(errors="surrogatepass")):
            raise _not_recognised()
        if flow.began_at + FLOW_SECONDS <= self.clock.now():
            raise _not_recognised()
        return flow_id, flow

    async def consume(self, flow_id: str) -> None:
        """Mark a flow as finished; only the first to do so goes on.

        Raises:
            RequestRefused: `state_refused`: it was finished before.
            StoreUnavailable: it cannot be known.
        """
        mark = Record(b"", 0, expires_at=self.clock.now() + FLOW_SECONDS)
        try:
            await self.records.store.put(FLOW, flow_id, mark, expected=0)
        except VersionMoved:
            raise _not_recognised() from None

    async def redeem(self, client: Client, code: str) -> tuple[Stored, TokenSet]:
        """Exchange the code and store the connection.

        Raises:
            RequestRefused: `invalid_grant`, `invalid_scope` or `mode_refused`.
            CronofyUnavailable: nothing usable came back; nothing was stored.
            StoreUnavailable: nothing was stored.
        """
        tokens = await self.tokens.redeem_own(client, code, self.redirect_uri)
        stored = await self.connections.connect(client, tokens)
        return stored, tokens


def _scopes(connect: Connect, door: BrowserDoor) -> dict[str, str]:
    if connect is Connect.ENTERPRISE:
        return {"scope": door.service_scope, "delegated_scope": door.delegated_scope}
    return {"scope": door.scope}


def _not_recognised() -> RequestRefused:
    return RequestRefused(
        Code.STATE_REFUSED,
        "This sign-in was not begun in this browser, was finished already, or took too long. Start again from the app.",
    )
