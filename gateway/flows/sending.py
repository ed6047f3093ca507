"""Sending a judged call to Cronofy, and once more with a renewed token where that can be."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from gateway.flows.answers import Asked
from gateway.flows.application_secrets import ApplicationSecrets, credentials_refused
from gateway.flows.callers import Caller
from gateway.flows.incoming import Incoming
from gateway.flows.upstream_port import Courses, Upstream, UpstreamReply
from gateway.flows.vault import Vault
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.headers import Pairs, to_upstream
from gateway.rules.operations import Body, Match
from gateway.rules.request_target import Target

_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_NOT_MODIFIED: Final = 304
_UNAUTHORIZED: Final = 401
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends calls."""

    upstream: Upstream
    vault: Vault
    secrets: ApplicationSecrets = field(default_factory=ApplicationSecrets)
    courses: Courses | None = None

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
        headers = self.headers(incoming, match, caller, body, merged=merged)
        query = f"?{target.query}" if target.query else ""
        reply = await self.upstream.send(
            incoming.method, f"{caller.application.hosts.api}{target.path}{query}", headers, body
        )
        check_reply(reply)
        return reply

    def headers(
        self,
        incoming: Incoming,
        match: Match,
        caller: Caller,
        body: bytes | AsyncIterator[bytes] | None = None,
        *,
        merged: bool = False,
    ) -> Pairs:
        """Return the header lines that go to Cronofy with a call; arguments as of `send`.

        The request id's is the last one, unless a body or an element token is behind it.
        """
        headers = to_upstream(
            incoming.headers,
            authorization=f"Bearer {caller.bearer}" if caller.bearer else None,
            request_id=incoming.request_id,
            paged=match.operation.answer_is_read or merged,
            impersonate=bool(caller.client and caller.client.may_impersonate),
        )
        if caller.withheld:
            headers = [(name, _readable(value) if name == "Accept-Encoding" else value) for name, value in headers]
        if caller.element_origin:
            # An element token is for the pages of one origin, so Cronofy is told which; it was judged here as well.
            headers.append(("Origin", caller.element_origin))
        if match.operation.body is Body.READ:
            # What was read was decoded, so the coding that it came in is not true any more.
            headers = [pair for pair in headers if pair[0].lower() != "content-encoding"]
        if incoming.body.length is not None and body is not None and not isinstance(body, bytes):
            headers.append(("Content-Length", str(incoming.body.length)))
        return headers

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

    async def send_with_other_secret(
        self,
        incoming: Incoming,
        asked: Asked,
        target: Target,
        body: bytes | AsyncIterator[bytes] | None,
        refused: UpstreamReply,
    ) -> UpstreamReply:
        """Send a call once more whose application secret Cronofy refused with 401, with the application's other one.

        Cronofy's 401 is not passed on: the app's own secret is right, and it would be taken for the wrong one.

        Raises:
            CronofyUnavailable: `application_credentials_refused`, or the body cannot be sent twice.
        """
        caller, application = asked.caller, asked.caller.application
        other = self.secrets.other(application, caller.key)
        streamed = body is not None and not isinstance(body, bytes)
        # An operation that is not in the table may want a token, so its 401 says little about the secret.
        is_certain = not asked.match.operation.takes_anything
        if not is_certain and (other is None or streamed):
            return refused
        refused.close()
        if other is None:
            self.secrets.note_refused(application)
            raise credentials_refused()
        if body is not None and not isinstance(body, bytes):
            self.secrets.turn_from(application, caller.key)
            raise CronofyUnavailable(
                Code.APPLICATION_CREDENTIALS_REFUSED,
                "Cronofy refused one of the application's secrets, and this body is too large to be kept. "
                "Send the same call again.",
                headers={"Retry-After": "1"},
            )
        if caller.bearer is None and body is not None:
            body = msgspec.json.encode({**msgspec.json.decode(body), "client_secret": other})
        again = replace(caller, bearer=other if caller.bearer else None, key=other)
        reply = await self.send(incoming, asked.match, target, again, body, merged=bool(asked.refused))
        if reply.status == _UNAUTHORIZED:
            if not is_certain:
                return reply
            reply.close()
            self.secrets.note_refused(application)
            raise credentials_refused()
        if reply.status < _SERVER_ERROR and reply.status != _TOO_MANY:
            self.secrets.keep(application, other)
        return reply


def check_reply(reply: UpstreamReply) -> None:
    """Close a reply that ends no call, or leads elsewhere.

    Raises:
        CronofyUnavailable: it is such a one.
    """
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


def _readable(accepted: str) -> str:
    """Return the coding to ask for where an error is looked at before it goes on: one that can be read here."""
    codings = {one.replace(" ", "").lower() for one in accepted.split(",")}
    return "gzip" if "gzip" in codings else "identity"
