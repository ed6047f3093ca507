"""The token endpoint's story: a code or a refresh token in, Cronofy's token set out, bound to its client on the way.

The client shows its own credentials; Cronofy sees the application's. What Cronofy answers is handed on byte for byte,
but only after it was read, judged (was free_busy_write granted?) and bound. A token set that could not be bound is not
handed out: the client could never refresh it.

Source: RFC 6749 sections 4.1.3, 5 and 6; https://docs.cronofy.com/developers/api/authorization/request-token.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.flows.bindings import Binding, Bindings
from gateway.flows.connections import connection_id
from gateway.flows.mode_admission import ModeAdmission
from gateway.flows.modes import ModeBook
from gateway.flows.ports import ApiReply, Clock, CronofyApi, VersionMoved
from gateway.flows.refresh_journal import refresh_name
from gateway.flows.refresh_outcomes import UnusableReply, remaining
from gateway.flows.refreshes import Refreshes
from gateway.flows.registry import Registry
from gateway.flows.successors import find_newest, use_newest
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.client import Application, Client, OnUngranted
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable, RequestRefused
from gateway.rules.privileges import why_ungranted
from gateway.rules.redirect_uris import is_registered
from gateway.rules.scopes import grants_free_busy_write
from gateway.rules.token_reply import ReplyInvalid, TokenSet, error_of_reply, read_token_reply
from gateway.rules.token_request import (
    CODE_GRANT,
    CREDENTIALS,
    REFRESH_GRANT,
    Fields,
    client_credentials,
    required,
    text,
    upstream_fields,
)

_OK: Final = 200
_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_SERVER_ERROR: Final = 500
_OF_A_REFRESH: Final = CREDENTIALS | {"grant_type", "refresh_token"}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TokenDoor:
    """What the stories of the token endpoints need."""

    registry: Registry
    bindings: Bindings
    modes: ModeBook
    admission: ModeAdmission
    cronofy: CronofyApi
    refreshes: Refreshes
    clock: Clock
    metrics: Metrics

    def authenticate(self, fields: Fields, authorization: str | None) -> Client:
        """Return the client whose credentials these are.

        Raises:
            RequestRefused: `invalid_client`.
        """
        return self.registry.authenticate(*client_credentials(fields, authorization))

    async def exchange(self, fields: Fields, authorization: str | None) -> ApiReply:
        """Answer a token request.

        Args:
            fields: the body, read.
            authorization: the Authorization header, for HTTP Basic.

        Raises:
            RequestRefused: with a code of RFC 6749 section 5.2.
            CronofyUnavailable: nothing usable came back; nothing was stored.
            StoreUnavailable: the tokens could not be bound, so they were not handed out.
        """
        client = self.authenticate(fields, authorization)
        grant = required(fields, "grant_type")
        if grant == CODE_GRANT:
            return await self._redeem(fields, client)
        if grant == REFRESH_GRANT:
            return await self._refresh(fields, client)
        raise RequestRefused(Code.UNSUPPORTED_GRANT_TYPE, "The grant_type must be authorization_code or refresh_token.")

    async def _redeem(self, fields: Fields, client: Client) -> ApiReply:
        required(fields, "code")
        uri = required(fields, "redirect_uri")
        own = is_registered(uri, client.redirect_uris, any_loopback=client.any_loopback_redirect)
        # A delegated account's code came to a callback URL, which takes the place of the redirect URI.
        if not own and not await self.bindings.is_own_callback(client, uri):
            raise RequestRefused(Code.INVALID_GRANT, "The redirect_uri is not registered for this client.")
        application = self.registry.application_of(client)
        # The Node SDK sends its stale refresh token along with the code.
        sent = upstream_fields(fields, application, without=frozenset({"refresh_token"}))
        reply = await self.cronofy.token(application, sent)
        if reply.status != _OK:
            return self._passed_on(reply, CODE_GRANT)
        tokens = self._read(reply)
        self._check_grant(client, tokens)
        await self.admission.admit(client, application, tokens)
        await self.bindings.remember(client, tokens, account=tokens.account, scope=tokens.scope)
        return self._handed_out(reply, client, tokens.account, CODE_GRANT)

    async def redeem_own(self, client: Client, code: str, redirect_uri: str) -> TokenSet:
        """Redeem a code that came to the gateway's own redirect URI; its tokens stay inside.

        Raises:
            RequestRefused: `invalid_grant`, or `invalid_scope` when free_busy_write was not granted.
            CronofyUnavailable: nothing usable came back.
        """
        application = self.registry.application_of(client)
        fields = {"grant_type": CODE_GRANT, "code": code, "redirect_uri": redirect_uri}
        reply = await self.cronofy.token(application, upstream_fields(fields, application))
        if reply.status != _OK:
            self._passed_on(reply, CODE_GRANT)
            raise RequestRefused(Code.INVALID_GRANT, "Cronofy did not accept the code of this sign-in.")
        tokens = self._read(reply)
        self._check_grant(client, tokens)
        if not tokens.account:
            raise self._unusable("no sub")
        await self.admission.admit(client, application, tokens)
        self._handed_out(reply, client, tokens.account, CODE_GRANT)
        return tokens

    async def _refresh(self, fields: Fields, client: Client) -> ApiReply:
        token = required(fields, "refresh_token")
        binding = await self.bindings.find(token)
        if binding is None and not self.registry.is_only_client(client):
            raise RequestRefused(Code.INVALID_GRANT, "The refresh token is not known to this gateway.")
        if binding is not None and client.id not in binding.clients:
            raise RequestRefused(Code.INVALID_GRANT, "The refresh token belongs to another client.")
        application = self.registry.application_of(client)
        more = {name: value for name, value in fields.items() if name not in _OF_A_REFRESH}
        account = binding.account if binding else ""
        try:
            if binding and await self._was_replaced_unnoticed(client, application, token, binding):
                refreshed = await use_newest(self.refreshes, self.clock, application, token, account=account)
            else:
                refreshed = await self.refreshes.ask(application, token, account=account, more=more)
        except UnusableReply as unusable:
            return self._passed_on(unusable.reply, REFRESH_GRANT)
        reply = remaining(refreshed, self.clock.now())
        if reply.status != _OK:
            return self._passed_on(reply, REFRESH_GRANT)
        tokens = self._read(reply)
        account = tokens.account or account
        if not grants_free_busy_write(tokens.scope, account=account, organization=client.organization_connect):
            # A connection from before the rule is kept alive; only new ones are refused.
            _log.warning(events.TOKEN_UNGRANTED, client=client.id, account=account, action="refreshed all the same")
        await self.bindings.remember(client, tokens, account=account, scope=tokens.scope)
        return self._handed_out(reply, client, account, REFRESH_GRANT)

    async def _was_replaced_unnoticed(
        self, client: Client, application: Application, token: str, binding: Binding
    ) -> bool:
        """Say whether a refresh token was replaced and the new one was never handed to this client.

        An import, a stored connection's refresh or another client's may have used the same token, however long ago; or
        the store went away before the answer could be handed out.
        """
        entry = await self.refreshes.journal.find_way_on(refresh_name(application, token))
        if entry is None:
            return False
        return binding.imported or not await self.bindings.is_of(client, read_token_reply(entry.body).refresh_token)

    def _check_grant(self, client: Client, tokens: TokenSet) -> None:
        why = why_ungranted(client, tokens.scope, account=tokens.account)
        if not why:
            return
        refuse = client.on_ungranted is OnUngranted.REFUSE
        action = "refused" if refuse else "handed out all the same"
        _log.warning(events.TOKEN_UNGRANTED, client=client.id, account=tokens.account, action=action)
        if refuse:
            self.metrics.token_requests.labels(CODE_GRANT, "ungranted").inc()
            raise RequestRefused(Code.INVALID_SCOPE, why)

    def _read(self, reply: ApiReply) -> TokenSet:
        try:
            return read_token_reply(reply.body)
        except ReplyInvalid as error:
            raise self._unusable(str(error)) from None

    def _unusable(self, detail: str) -> CronofyUnavailable:
        return CronofyUnavailable(
            Code.UPSTREAM_REPLY_INVALID,
            "Cronofy's token endpoint gave an answer that cannot be used; nothing was stored.",
            detail=detail,
        )

    def _handed_out(self, reply: ApiReply, client: Client, account: str, grant: str) -> ApiReply:
        self.metrics.token_requests.labels(grant, "granted").inc()
        _log.info(events.TOKEN_BOUND, client=client.id, account=account, grant=grant)
        return reply

    def _passed_on(self, reply: ApiReply, grant: str) -> ApiReply:
        """Pass Cronofy's own error on, unless it is about the application's credentials or no error at all."""
        error = error_of_reply(reply.body)
        if error == "invalid_client" or (reply.status == _UNAUTHORIZED and not error):
            raise CronofyUnavailable(
                Code.APPLICATION_CREDENTIALS_REFUSED,
                "Cronofy does not accept this gateway's application credentials. The operator has to mend them.",
            )
        if not _BAD_REQUEST <= reply.status < _SERVER_ERROR:
            raise self._unusable(f"status {reply.status}")
        self.metrics.token_requests.labels(grant, "refused_by_cronofy").inc()
        return reply


@dataclass(frozen=True, slots=True)
class RevokeDoor:
    """The revocation endpoint's story.

    A token or `sub` that is not the caller's own gets the same 200 and nothing is sent: RFC 7009 section 2.2 answers
    200 for unknown tokens anyway, and another client's connection must not be ended.
    """

    tokens: TokenDoor

    async def revoke(self, fields: Fields, authorization: str | None) -> ApiReply:
        """Answer a revocation.

        Args:
            fields: the body, read: `token` (or `refresh_token`, as the Node SDK calls it), or `sub`.
            authorization: the Authorization header, for HTTP Basic.

        Raises:
            RequestRefused: `invalid_client`, or `invalid_request` when nothing is named.
            CronofyUnavailable: Cronofy could not be asked.
            StoreUnavailable: it cannot be known whose the token is.
        """
        door = self.tokens
        client = door.authenticate(fields, authorization)
        token = text(fields, "token") or text(fields, "refresh_token")
        account = text(fields, "sub")
        if not token and not account:
            raise RequestRefused(Code.INVALID_REQUEST, "Name the token, or the sub, that is to be revoked.")
        binding = await door.bindings.find(token) if token else None
        if token:
            own = client.id in binding.clients if binding else door.registry.is_only_client(client)
            account = binding.account if binding else ""
        else:
            own = door.registry.is_only_client(client) or await door.bindings.has_account(client, account)
        if not own:
            return ApiReply(_OK, b"")
        if binding is not None:
            # It may have been replaced without the app's knowledge. What was replaced means nothing to Cronofy, which
            # answers 200 to it all the same.
            newest = await find_newest(door.refreshes.journal, door.registry.application_of(client), token)
            token = newest[0].refresh_token if newest else token
        return await self._send(fields, client, token, account)

    async def _send(self, fields: Fields, client: Client, token: str, account: str) -> ApiReply:
        door = self.tokens
        application: Application = door.registry.application_of(client)
        # Cronofy documents `token`; the Node SDK's `refresh_token` is sent under that name.
        sent = upstream_fields(fields, application, without=frozenset({"token", "refresh_token", "sub"}))
        sent |= {"token": token} if token else {"sub": account}
        reply = await door.cronofy.revoke(application, sent)
        if reply.status != _OK:
            return door._passed_on(reply, "revoke")
        if account:
            await door.bindings.forget_account(client, account)
            await door.modes.forget(application, account)
            await self._end_connection(client, account)
        elif token:
            await door.bindings.forget(client, token)
        door.metrics.token_requests.labels("revoke", "revoked").inc()
        _log.info(events.TOKEN_REVOKED, client=client.id, account=account)
        return reply

    async def _end_connection(self, client: Client, account: str) -> None:
        """Mark the client's stored connection, which an import or a sign-in left: its tokens are dead now."""
        connections = self.tokens.admission.connections
        stored = await connections.load(connection_id(client, account))
        if stored is not None and stored.connection.state == "active":
            with suppress(VersionMoved):  # the person has just connected again
                await connections.require_reconnect(stored, lost_by="ended")
