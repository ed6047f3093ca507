"""The token endpoint's story: a code or a refresh token in, Cronofy's token set out, bound to its client on the way.

The client shows its own credentials; Cronofy sees the application's. What Cronofy answers is handed on byte for byte,
but only after it was read, judged (was free_busy_write granted?) and bound. A token set that could not be bound is not
handed out: the client could never refresh it. In custody `gateway` the tokens stay here, see `custodian`.

Source: RFC 6749 sections 4.1.3, 5 and 6; https://docs.cronofy.com/developers/api/authorization/request-token.
"""

from dataclasses import dataclass
from typing import Final

from gateway.flows.bindings import Bindings
from gateway.flows.client_refreshes import ClientRefreshes
from gateway.flows.custodian import Custodian
from gateway.flows.delegated_callbacks import DelegatedCallbacks
from gateway.flows.mode_admission import ModeAdmission
from gateway.flows.modes import ModeBook
from gateway.flows.ports import ApiReply, Clock, CronofyApi
from gateway.flows.refreshes import Refreshes
from gateway.flows.registry import Registry
from gateway.flows.token_replies import TokenReplies, unusable
from gateway.observe.metrics import Metrics
from gateway.rules.client import Client, Custody
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.handles import handle_kind
from gateway.rules.redirect_uris import is_registered
from gateway.rules.token_reply import TokenSet
from gateway.rules.token_request import (
    CODE_GRANT,
    REFRESH_GRANT,
    Fields,
    client_credentials,
    required,
    upstream_fields,
)

_OK: Final = 200


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
    custodian: Custodian
    callbacks: DelegatedCallbacks

    @property
    def replies(self) -> TokenReplies:
        """What judges Cronofy's answers."""
        return self.custodian.replies

    def authenticate(self, fields: Fields, authorization: str | None) -> Client:
        """Return the client whose credentials these are.

        Raises:
            RequestRefused: `invalid_client`.
        """
        return self.registry.authenticate_any(client_credentials(fields, authorization))

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
        code, uri = required(fields, "code"), required(fields, "redirect_uri")
        # A delegated account's code came to a callback URL, which takes the place of the redirect URI.
        delegate = await self.callbacks.recognise(client, code, uri)
        own = is_registered(uri, client.redirect_uris, any_loopback=client.any_loopback_redirect)
        if delegate is None and not own:
            raise RequestRefused(Code.INVALID_GRANT, "The redirect_uri is not registered for this client.")
        application = self.registry.application_of(client)
        # The Node SDK sends its stale refresh token along with the code.
        sent = upstream_fields(fields, application, without=frozenset({"refresh_token"}))
        if delegate is not None and delegate.redirect_uri:
            sent["redirect_uri"] = delegate.redirect_uri
        reply = await self.cronofy.token(application, sent)
        if reply.status != _OK:
            return self.replies.pass_on(reply, application, CODE_GRANT)
        tokens = self.replies.read(reply, application)
        self.replies.check_grant(client, tokens, CODE_GRANT)
        await self.admission.admit(client, application, tokens)
        await self.callbacks.delegations.settle(client, tokens.account, delegate.parent if delegate else "")
        if client.custody is Custody.GATEWAY:
            reply = ApiReply(_OK, await self.custodian.take_in(client, reply.body, tokens))
        else:
            await self.bindings.remember(client, tokens, account=tokens.account, scope=tokens.scope)
        return self.replies.hand_out(reply, client, tokens.account, CODE_GRANT)

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
            self.replies.pass_on(reply, application, CODE_GRANT)
            raise RequestRefused(Code.INVALID_GRANT, "Cronofy did not accept the code of this sign-in.")
        tokens = self.replies.read(reply, application)
        self.replies.check_grant(client, tokens, CODE_GRANT)
        if not tokens.account:
            raise unusable("no sub")
        await self.admission.admit(client, application, tokens)
        self.replies.hand_out(reply, client, tokens.account, CODE_GRANT)
        return tokens

    async def _refresh(self, fields: Fields, client: Client) -> ApiReply:
        token = required(fields, "refresh_token")
        if client.custody is Custody.GATEWAY or handle_kind(token) is not None:
            return await self.custodian.refresh(client, self.registry.application_of(client), token)
        refreshes = ClientRefreshes(self.registry, self.bindings, self.refreshes, self.replies, self.clock)
        return await refreshes.refresh(fields, client, token)
