"""Custody `gateway`: tokens go into the client's stored connection, and the client gets handles for them.

A client and an account have one connection, whichever door filled it, and the vault refreshes it once for everybody. A
refresh handle stays the same; an access handle is good for as long as the access token that it was issued for, and a
call with it takes whatever token the connection holds by then.

Clients move between the custodies without losing people: a refresh token that Cronofy had given to the client is taken
in and answered with handles, a refresh handle of a client that keeps its tokens by now is answered with the tokens.
"""

from dataclasses import dataclass, replace
from typing import Final

from gateway.flows.bindings import Bindings
from gateway.flows.connections import Connections
from gateway.flows.handles import Handles
from gateway.flows.modes import ModeBook
from gateway.flows.ports import ApiReply, Clock
from gateway.flows.refreshes import Refreshes
from gateway.flows.stored_connection import Stored, connection_id
from gateway.flows.successors import use_newest
from gateway.flows.token_replies import TokenReplies, not_known, unusable
from gateway.flows.vault import Vault
from gateway.rules.client import AccountId, Application, Client, Custody
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.handles import handle_kind
from gateway.rules.token_reply import TokenSet, read_token_reply, with_handles, write_token_reply
from gateway.rules.token_request import REFRESH_GRANT
from gateway.rules.withheld import without_repeating

# An access handle must be worth asking for, so an access token that is closer to its end than this is renewed first.
WORTH_HAVING: Final = 300.0
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Custodian:
    """Keeps tokens and issues handles."""

    handles: Handles
    connections: Connections
    bindings: Bindings
    modes: ModeBook
    vault: Vault
    refreshes: Refreshes
    replies: TokenReplies
    clock: Clock

    async def take_in(self, client: Client, raw: bytes, tokens: TokenSet) -> bytes:
        """Store the token set of a new authorization and return Cronofy's answer with handles in it.

        Args:
            client: whose it is.
            raw: Cronofy's answer.
            tokens: what was read of it.

        Raises:
            CronofyUnavailable: it names no account, so nobody would find it again.
            StoreUnavailable: the tokens were not stored, or no handles could be made.
        """
        if not tokens.account:
            raise unusable("no sub")
        stored = await self.connections.connect(client, tokens)
        access = await self._issue_access(client, stored, lives=tokens.expires_in)
        refresh = await self._issue_refresh(client, stored)
        answer = with_handles(raw, access=access, refresh=refresh)
        # Whatever else Cronofy may add one day, the tokens themselves do not leave in it.
        return without_repeating(answer, (tokens.access_token, tokens.refresh_token))

    async def refresh(self, client: Client, application: Application, token: str) -> ApiReply:
        """Answer a refresh, whatever the client shows: a refresh handle, or a token from before it had handles.

        Args:
            client: who asks.
            application: its application.
            token: what it shows.

        Raises:
            RequestRefused: `invalid_grant`: not this client's, or the person has to connect again.
            CronofyUnavailable: the access token has to be renewed and cannot be now.
            StoreUnavailable: it cannot be known or written now.
        """
        try:
            if handle_kind(token) is None:
                stored = await self._move_in(client, application, token)
                handle = await self._issue_refresh(client, stored)
            else:
                stored, handle = await self._of_handle(client, token), token
        except RequestRefused as refused:
            if refused.code is not Code.RECONNECT_REQUIRED:
                raise
            raise RequestRefused(Code.INVALID_GRANT, refused.public) from None
        held = stored.connection
        self.replies.note_older_grant(client, held.account, held.scope)
        body = await self._answer(client, stored, handle)
        return self.replies.hand_out(ApiReply(_OK, body), client, held.account, REFRESH_GRANT)

    async def account_named(self, client: Client, token: str) -> str:
        """Return the account that a handle names in a client's revocation; empty where that means nothing any more.

        A handle from before the connection was ended must not end what the person has connected since.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        handle = await self.handles.find_named(token)
        if handle is None or not handle.is_of(client):
            return ""
        stored = await self.connections.load(handle.connection)
        return "" if stored is not None and handle.is_outlived_by(stored.connection) else handle.account

    async def _of_handle(self, client: Client, token: str) -> Stored:
        handle = await self.handles.find(token)
        if handle is None or handle.kind != "refresh" or not handle.is_of(client):
            raise not_known()
        stored = (await self.vault.fresh(handle.connection, margin=WORTH_HAVING)).stored
        if handle.is_outlived_by(stored.connection):
            await self.handles.end(token)
            raise not_known()
        return stored

    async def _answer(self, client: Client, stored: Stored, handle: str) -> bytes:
        """Write the answer: the tokens themselves for a client that keeps them by now, else handles."""
        held = stored.connection
        lives = max(1, int(held.expires_at - self.clock.now()))
        if client.custody is Custody.CLIENT:
            tokens = TokenSet(held.access_token, held.refresh_token, lives, held.scope, AccountId(held.account), None)
            await self.bindings.remember(client, tokens, account=held.account, scope=held.scope)
            return write_token_reply(
                access=held.access_token, refresh=held.refresh_token, expires_in=lives, scope=held.scope
            )
        access = await self._issue_access(client, stored, lives=lives)
        if not await self.handles.extend(handle):  # everything of this client was ended under this request
            await self.handles.end(access)
            raise not_known()
        return write_token_reply(access=access, refresh=handle, expires_in=lives, scope=held.scope)

    async def _issue_access(self, client: Client, stored: Stored, *, lives: float) -> str:
        held = stored.connection
        return await self.handles.issue("access", client, held.account, stored.id, lives=lives, life=held.life)

    async def _issue_refresh(self, client: Client, stored: Stored) -> str:
        held = stored.connection
        return await self.handles.issue("refresh", client, held.account, stored.id, life=held.life)

    async def _move_in(self, client: Client, application: Application, token: str) -> Stored:
        """Take a refresh token in that Cronofy had given to this client; nobody else's, and none that is not known.

        It may come more than once: the app's other processes hold it too, and an answer can get lost.
        """
        binding = await self.bindings.find(token)
        own = binding is not None and binding.kind == "refresh" and client.id in binding.clients
        if binding is None or not own or binding.application != application.name:
            raise not_known()
        if binding.account and (stored := await self._there(client, binding.account)) is not None:
            return stored
        refreshed = await use_newest(self.refreshes, self.clock, application, token, account=binding.account)
        if refreshed.is_final:
            raise RequestRefused(Code.INVALID_GRANT, "Cronofy no longer accepts this refresh token.")
        tokens = read_token_reply(refreshed.reply.body)
        account = binding.account or await self._ask_account(application, tokens)
        tokens = replace(tokens, account=AccountId(account), scope=tokens.scope or binding.scope)
        return await self.connections.connect_unless_newer(client, tokens, refreshed.at)

    async def _there(self, client: Client, account: str) -> Stored | None:
        """Return the client's connection where it has a living one, which the same authorization stands behind."""
        try:
            return (await self.vault.fresh(connection_id(client, account), margin=WORTH_HAVING)).stored
        except RequestRefused:
            return None

    async def _ask_account(self, application: Application, tokens: TokenSet) -> str:
        """Ask whose a refresh token is that was adopted before anybody called with it."""
        known = await self.modes.look_up(application, tokens.access_token)
        if known is None:
            raise CronofyUnavailable(
                Code.UPSTREAM_REPLY_INVALID, "Cronofy did not say whose token this is; try again shortly."
            )
        return known.account
