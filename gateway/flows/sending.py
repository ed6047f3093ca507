"""Sending a judged call to Cronofy, and once more with a renewed token where that can be."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

from gateway.flows.answers import Asked
from gateway.flows.callers import Caller
from gateway.flows.incoming import Incoming
from gateway.flows.ports import Upstream, UpstreamReply
from gateway.flows.vault import Vault
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.headers import to_upstream
from gateway.rules.operations import Body, Match, Operation
from gateway.rules.request_target import Target

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_NOT_MODIFIED: Final = 304


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends calls."""

    upstream: Upstream
    vault: Vault

    async def send(
        self,
        incoming: Incoming,
        match: Match,
        target: Target,
        caller: Caller,
        body: bytes | AsyncIterator[bytes] | None,
        *,
        merged: bool,
    ) -> UpstreamReply:
        """Send a call and return Cronofy's answer, its head read.

        Args:
            incoming: the call.
            match: its operation.
            target: its target, read.
            caller: whose call it is.
            body: what is sent.
            merged: the answer will be read and answers of our own put into it.

        Raises:
            CronofyUnavailable: there is no usable answer.
        """
        headers = to_upstream(
            incoming.headers,
            authorization=f"Bearer {caller.bearer}" if caller.bearer else None,
            request_id=incoming.request_id,
            paged=_is_read(match.operation) or merged,
            impersonate=bool(caller.client and caller.client.may_impersonate),
        )
        if caller.element_origin:
            # An element token is for the pages of one origin, so Cronofy is told which; it was judged here as well.
            headers.append(("Origin", caller.element_origin))
        if match.operation.body is Body.READ:
            # What was read was decoded, so the coding that it came in is not true any more.
            headers = [pair for pair in headers if pair[0].lower() != "content-encoding"]
        if incoming.body.length is not None and body is not None and not isinstance(body, bytes):
            headers.append(("Content-Length", str(incoming.body.length)))
        query = f"?{target.query}" if target.query else ""
        reply = await self.upstream.send(
            incoming.method, f"{caller.application.hosts.api}{target.path}{query}", headers, body
        )
        if reply.status < _OK:
            reply.close()
            raise CronofyUnavailable(
                Code.UPSTREAM_REPLY_INVALID,
                "Cronofy answered with a status that ends no call.",
                detail=str(reply.status),
            )
        if reply.status in _REDIRECTS and reply.status != _NOT_MODIFIED:
            reply.close()
            raise CronofyUnavailable(
                Code.UPSTREAM_REDIRECTED,
                "Cronofy answered with a redirect, which its API never does.",
                detail=str(reply.status),
            )
        return reply

    async def send_again(
        self,
        incoming: Incoming,
        asked: Asked,
        target: Target,
        caller: Caller,
        body: bytes | AsyncIterator[bytes] | None,
        refused: UpstreamReply,
    ) -> tuple[Caller, UpstreamReply]:
        """Get another token for a call that Cronofy refused with 401, and send it once more where that is possible."""
        refused.close()
        fresh = await self.vault.after_401(caller.connection, caller.version)
        if body is not None and not isinstance(body, bytes):
            raise CronofyUnavailable(
                Code.TOKEN_RENEWED,
                "The access token had to be renewed, and this body is too large to be kept. Send the same call again.",
                headers={"Retry-After": "1"},
            )
        renewed = replace(caller, bearer=fresh.bearer)
        return renewed, await self.send(incoming, asked.match, target, renewed, body, merged=bool(asked.refused))


def _is_read(operation: Operation) -> bool:
    """Say whether the answer is read here, so that it must come whole and uncompressed."""
    return operation.paged or operation.issues_tokens or operation.issues_element_token
