"""The story of a check: may an engine carry this call to Cronofy, and with which access token?

Judged by the proxy's own story, up to where the call would be sent; nothing is sent here. An engine may keep the answer
for as long as the gateway's own memory of sessions may last, so that memory does not count here: what a check is
answered by is read from the store, and what was signed out is refused when the engine's own memory ends.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from gateway.flows.incoming import CallFacts, Incoming
from gateway.flows.proxy import Proxy
from gateway.rules.account_header import named_account
from gateway.rules.authorization import bearer_token
from gateway.rules.engine_calls import is_for_engines, must_pass_on
from gateway.rules.headers import Pairs


class UnseenBody:
    """A request's body that stays with the engine: whether there is one is not known here, so one may be there."""

    is_there = True
    length: int | None = None

    async def read(self, limit: int) -> bytes:  # noqa: ARG002  as of `IncomingBody`
        """Refuse: an operation whose body is read is not for engines."""
        raise must_pass_on("The body of this call has to be read.")

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield nothing: the engine sends it."""
        if self.length:
            yield b""


@dataclass(frozen=True, slots=True)
class Allowed:
    """A call that may go.

    Attributes:
        bearer: the access token to show Cronofy.
        mode: the mode header's value.
    """

    bearer: str = field(repr=False)
    mode: str


@dataclass(frozen=True, slots=True)
class Checks:
    """Answers checks.

    Args:
        proxy: the story of a call.
        follow_clients: takes over which clients there are now.
    """

    proxy: Proxy
    follow_clients: Callable[[], Awaitable[None]]

    async def judge(self, incoming: Incoming, facts: CallFacts) -> Allowed:
        """Say with which token a call may go.

        Raises:
            RequestRefused: a rule turned it down, or it is for the gateway itself to carry.
            CronofyUnavailable: the caller's token has expired and cannot be refreshed now.
            StoreUnavailable: it cannot be known whose call it is.
        """
        proxy = self.proxy
        _, match = proxy.table.read(incoming.method, incoming.target)
        facts.operation = match.operation.name
        if not is_for_engines(match.operation):
            raise must_pass_on("The gateway reads the body or the answer of this operation, or shows its own key.")
        await self._look_anew(incoming)
        judged = await proxy.judge(incoming, facts)
        caller = judged.caller
        if caller.bearer is None or not caller.is_person or caller.is_element or named_account(incoming.headers):
            raise must_pass_on("Only the gateway may show the credential of this call.")
        await proxy.await_mode(judged, accepted=False)
        return Allowed(caller.bearer, proxy.mode(judged, facts))

    async def _look_anew(self, incoming: Incoming) -> None:
        """Let everything that the call is known by come from the store."""
        callers = self.proxy.callers
        if incoming.connection:
            callers.vault.drop(incoming.connection)
        for token in filter(None, map(bearer_token, _authorizations(incoming.headers))):
            callers.bindings.drop(token)
            handle = await callers.handles.find_anew(token)
            if handle is not None:
                callers.vault.drop(handle.connection)


def _authorizations(headers: Pairs) -> list[str]:
    return [value for name, value in headers if name.lower() == "authorization"]
