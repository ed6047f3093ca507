"""The revocation endpoint's story.

A token, handle or `sub` that is not the caller's own gets the same 200 and nothing is sent: RFC 7009 section 2.2
answers 200 for unknown tokens anyway, and another client's connection must not be ended. Where the gateway keeps the
tokens, any handle or the `sub` ends all that the client has of the account, and at Cronofy what nothing else hangs on.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from gateway.flows.erasure import Erasure
from gateway.flows.ports import ApiReply, VersionMoved
from gateway.flows.stored_connection import connection_id
from gateway.flows.successors import find_newest
from gateway.flows.tokens import TokenDoor
from gateway.observe import events
from gateway.rules.client import Application, Client, Custody
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.handles import handle_kind
from gateway.rules.token_request import CREDENTIALS, Fields, text, upstream_fields
from gateway.rules.withheld import repeats

_OK: Final = 200
_NAMING: Final = frozenset({"token", "refresh_token", "sub"})

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RevokeDoor:
    """Revokes; `tokens` is the token endpoint's story, `erasure` ends what the gateway keeps."""

    tokens: TokenDoor
    erasure: Erasure

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
        if handle_kind(token) is not None:
            return await self._end(fields, client, await door.custodian.account_named(client, token))
        if client.custody is Custody.GATEWAY and not token:
            return await self._end(fields, client, account)
        binding = await door.bindings.find(token) if token else None
        if client.custody is Custody.GATEWAY and (binding is None or client.id not in binding.clients):
            return ApiReply(_OK, b"")
        if client.custody is Custody.GATEWAY and binding is not None and binding.account:
            return await self._end(fields, client, binding.account)
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

    async def _end(self, fields: Fields, client: Client, account: str) -> ApiReply:
        """End all that a client has of an account; nothing for an account that is empty or not known as its own."""
        more: Mapping[str, Any] = {name: fields[name] for name in fields if name not in CREDENTIALS | _NAMING}
        if account and await self.erasure.erase_own(account, client, more):
            self.tokens.metrics.token_requests.labels("revoke", "revoked").inc()
            _log.info(events.TOKEN_REVOKED, client=client.id, account=account)
        return ApiReply(_OK, b"")

    async def _send(self, fields: Fields, client: Client, token: str, account: str) -> ApiReply:
        door = self.tokens
        application: Application = door.registry.application_of(client)
        # Cronofy documents `token`; the Node SDK's `refresh_token` is sent under that name.
        sent = upstream_fields(fields, application, without=_NAMING)
        sent |= {"token": token} if token else {"sub": account}
        reply = await door.cronofy.revoke(application, sent)
        if reply.status != _OK:
            return door.replies.pass_on(reply, application, "revoke")
        if account:
            await door.callbacks.delegations.end_children(application, account)
            await door.bindings.forget_account(client, account)
            await door.modes.forget(application, account)
            await self._end_connection(client, account)
        elif token:
            await door.bindings.forget(client, token)
        door.metrics.token_requests.labels("revoke", "revoked").inc()
        _log.info(events.TOKEN_REVOKED, client=client.id, account=account)
        return ApiReply(_OK, b"") if repeats(reply.body, application.client_secrets) else reply

    async def _end_connection(self, client: Client, account: str) -> None:
        """Mark the client's stored connection, which an import or a sign-in left: its tokens are dead now."""
        connections = self.tokens.admission.connections
        stored = await connections.load(connection_id(client, account))
        if stored is not None and stored.connection.state == "active":
            with suppress(VersionMoved):  # the person has just connected again
                await connections.require_reconnect(stored, lost_by="ended")
