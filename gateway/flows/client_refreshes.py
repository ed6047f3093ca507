"""Refreshing where the client keeps Cronofy's tokens: a token set for a refresh token that is bound to it."""

from dataclasses import dataclass
from typing import Final

from gateway.flows.bindings import Binding, Bindings
from gateway.flows.ports import ApiReply, Clock
from gateway.flows.refresh_journal import refresh_name
from gateway.flows.refresh_outcomes import UnusableReply, remaining
from gateway.flows.refreshes import Refreshes
from gateway.flows.registry import Registry
from gateway.flows.successors import use_newest
from gateway.flows.token_replies import TokenReplies, not_known
from gateway.rules.client import Application, Client
from gateway.rules.token_reply import read_token_reply
from gateway.rules.token_request import CREDENTIALS, REFRESH_GRANT, Fields

_OK: Final = 200
_OF_A_REFRESH: Final = CREDENTIALS | {"grant_type", "refresh_token"}


@dataclass(frozen=True, slots=True)
class ClientRefreshes:
    """Refreshes for clients that keep their tokens."""

    registry: Registry
    bindings: Bindings
    refreshes: Refreshes
    replies: TokenReplies
    clock: Clock

    async def refresh(self, fields: Fields, client: Client, token: str) -> ApiReply:
        """Answer a refresh.

        Args:
            fields: the request's, whose further ones go to Cronofy too.
            client: who asks.
            token: the refresh token.

        Raises:
            RequestRefused: `invalid_grant`.
            CronofyUnavailable: nothing usable came back.
            StoreUnavailable: nothing was asked, or the tokens could not be bound and were not handed out.
        """
        binding = await self.bindings.find(token)
        if binding is None and not self.registry.is_only_client(client):
            raise not_known()
        if binding is not None and client.id not in binding.clients:
            raise not_known()
        application = self.registry.application_of(client)
        more = {name: value for name, value in fields.items() if name not in _OF_A_REFRESH}
        account = binding.account if binding else ""
        try:
            if binding and await self._was_replaced_unnoticed(client, application, token, binding):
                refreshed = await use_newest(self.refreshes, self.clock, application, token, account=account)
            else:
                refreshed = await self.refreshes.ask(application, token, account=account, more=more)
        except UnusableReply as unusable:
            return self.replies.pass_on(unusable.reply, application, REFRESH_GRANT)
        reply = remaining(refreshed, self.clock.now())
        if reply.status != _OK:
            return self.replies.pass_on(reply, application, REFRESH_GRANT)
        tokens = self.replies.read(reply, application)
        account = tokens.account or account
        self.replies.note_older_grant(client, account, tokens.scope)
        await self.bindings.remember(client, tokens, account=account, scope=tokens.scope)
        return self.replies.hand_out(reply, client, account, REFRESH_GRANT)

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
