"""An import, line by line: a refresh token from another app's database in, a stored connection out.

The token is proved by one refresh, through the same journal and leases as every other refresh: one that a running
gateway is using meanwhile is shared, and an answer that replaced it is kept whatever happens next. Userinfo then says
whose it is, since a refresh's answer does not. Connection, modes and bindings are written before the line counts as
done; the binding of the old token comes last, and tells a second run that there is nothing left to do.

Source: https://docs.cronofy.com/developers/api/authorization/refresh-token (neither `sub` nor `linking_profile`).
"""

from dataclasses import dataclass, replace
from typing import Final

import structlog

from gateway.flows.bindings import Bindings
from gateway.flows.connections import Connections
from gateway.flows.import_turns import Turns, is_about_credentials
from gateway.flows.modes import ModeBook
from gateway.flows.ports import ApiReply, Clock, CronofyApi
from gateway.flows.refresh_outcomes import Refreshed, UnusableReply
from gateway.flows.refreshes import Refreshes
from gateway.flows.registry import Registry
from gateway.flows.stored_connection import connection_id
from gateway.flows.successors import name_account, use_newest
from gateway.observe import events
from gateway.rules.access_mode import AccountModes
from gateway.rules.client import AccountId, Application, Client
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.import_lines import ImportLine
from gateway.rules.import_outcomes import Outcome, Reason, Result, failed
from gateway.rules.mode_policy import OnOtherMode
from gateway.rules.scopes import grants_free_busy_write
from gateway.rules.token_reply import TokenSet, read_token_reply
from gateway.rules.userinfo import UserinfoInvalid, read_userinfo

_OK: Final = 200
_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Proven:
    """A token set of which it is known whose it is."""

    tokens: TokenSet
    at: float
    modes: AccountModes


class _Unproven(Exception):
    """Cronofy answered, and nothing can be stored."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Imports:
    """What the story of an import needs."""

    registry: Registry
    refreshes: Refreshes
    bindings: Bindings
    connections: Connections
    modes: ModeBook
    cronofy: CronofyApi
    clock: Clock
    turns: Turns

    async def bring_in(self, client: Client, number: int, line: ImportLine, *, again: bool = False) -> Result:
        """Bring a line in.

        Args:
            client: whose connection it becomes.
            number: the line's, for the result.
            line: the line.
            again: prove and store it anew also where it is there already.

        Raises:
            Stopped: it was not begun.
        """
        try:
            if not again and (account := await self.turns.ask(lambda: self._account_there(client, line))):
                return _stored(number, line, account, Outcome.ALREADY_THERE)
            await self.turns.begin()
            proven = await self._prove(client, line)
        except StoreUnavailable:
            return failed(number, Reason.STORE_AWAY, sub=line.account)
        except CronofyUnavailable as error:
            reason = Reason.CREDENTIALS if is_about_credentials(error) else Reason.CRONOFY_AWAY
            return failed(number, reason, sub=line.account, detail=error.code)
        except _Unproven as error:
            return failed(number, error.reason, sub=line.account, detail=error.detail)
        try:
            await self.turns.store(lambda: self._keep(client, line, proven))
        except StoreUnavailable:
            return failed(number, Reason.NOT_STORED, sub=proven.modes.account)
        return self._judge(client, number, line, proven)

    async def _account_there(self, client: Client, line: ImportLine) -> str:
        """Return the account of a line that was brought in before; empty when it has to be (again)."""
        binding = await self.bindings.find(line.refresh_token)
        if binding is None or client.id not in binding.clients or not binding.account:
            return ""
        stored = await self.connections.load(connection_id(client, binding.account))
        return binding.account if stored is not None and stored.connection.state == "active" else ""

    async def _prove(self, client: Client, line: ImportLine) -> _Proven:
        """Refresh, then ask whose it is.

        Raises:
            _Unproven: Cronofy says no, or not whose it is.
            CronofyUnavailable: it was not tried to its end.
            StoreUnavailable: nothing was asked.
        """
        application = self.registry.application_of(client)
        refreshed = await self._refresh(application, line.refresh_token, line)
        reply = await self._userinfo(application, refreshed)
        if reply.status == _UNAUTHORIZED:
            # An answer that is kept may have been ended since; a fresh one tells.
            tokens = read_token_reply(refreshed.reply.body)
            refreshed = await self._refresh(application, tokens.refresh_token, line)
            reply = await self._userinfo(application, refreshed)
        if reply.status != _OK:
            raise _Unproven(Reason.NO_ACCOUNT, f"userinfo: status {reply.status}")
        try:
            modes = read_userinfo(reply.body, now=self.clock.now())
        except UserinfoInvalid as error:
            raise _Unproven(Reason.NO_ACCOUNT, f"userinfo: {error}") from None
        tokens = read_token_reply(refreshed.reply.body)
        whose = replace(tokens, account=AccountId(modes.account), scope=tokens.scope or line.scope)
        return _Proven(whose, refreshed.at, modes)

    async def _refresh(self, application: Application, refresh_token: str, line: ImportLine) -> Refreshed:
        async def ask() -> Refreshed:
            return await use_newest(self.refreshes, self.clock, application, refresh_token, account=line.account)

        refreshed = await self.turns.ask(ask)
        if refreshed.is_final:
            raise _Unproven(Reason.ANSWER_LOST if refreshed.interrupted else Reason.REFUSED)
        return refreshed

    async def _userinfo(self, application: Application, refreshed: Refreshed) -> ApiReply:
        """Ask userinfo, past the look-up budget of the mode book: this import keeps a pace of its own."""
        bearer = read_token_reply(refreshed.reply.body).access_token

        async def ask() -> ApiReply:
            await self.turns.take()
            reply = await self.cronofy.userinfo(application, bearer)
            if reply.status == _TOO_MANY or reply.status >= _SERVER_ERROR:
                raise UnusableReply(reply, f"userinfo: status {reply.status}")
            return reply

        return await self.turns.ask(ask)

    async def _keep(self, client: Client, line: ImportLine, proven: _Proven) -> None:
        """Write everything; what was written before is written again, so this may be repeated as a whole."""
        application, account, tokens = self.registry.application_of(client), proven.modes.account, proven.tokens
        await self.connections.connect_unless_newer(client, tokens, proven.at)
        await self.modes.learn_whole(application, proven.modes)
        await self.bindings.remember(client, tokens, account=account, scope=tokens.scope)
        await name_account(self.refreshes.journal, application, line.refresh_token, account)
        for token in (tokens.refresh_token, line.refresh_token):
            await self.bindings.remember_imported(client, token, account=account, scope=tokens.scope)

    def _judge(self, client: Client, number: int, line: ImportLine, proven: _Proven) -> Result:
        """Say what came of it; older connections are only warned about, as a refresh of them is."""
        account, scope = proven.modes.account, proven.tokens.scope
        reasons, detail = [], ""
        if not grants_free_busy_write(scope, account=account, organization=client.organization_connect):
            reasons.append(Reason.UNGRANTED)
            _log.warning(events.TOKEN_UNGRANTED, client=client.id, account=account, action="imported all the same")
        others = [mode for mode in proven.modes.all() if not client.modes.takes(mode)]
        if others and client.modes.on_other_mode is not OnOtherMode.ALLOW:
            reasons.append(Reason.OTHER_MODE)
            detail = ", ".join(others)
            _log.warning(events.MODE_WARNED, client=client.id, account=account, mode=detail)
        return _stored(number, line, account, Outcome.IMPORTED, tuple(reasons), detail)


def _stored(
    number: int, line: ImportLine, account: str, outcome: Outcome, reasons: tuple[Reason, ...] = (), detail: str = ""
) -> Result:
    """Make the result of a line whose connection is stored: under the account that it is of, whatever the line says.

    What Cronofy replaced must not be thrown away for a wrong `sub` beside it.
    """
    if not line.account or line.account == account:
        return Result(number, outcome, account, reasons, detail)
    belongs = f"belongs to {account}, not {line.account}"
    told = "; ".join(filter(None, (belongs, detail)))
    return Result(number, Outcome.OTHER_ACCOUNT, account, (Reason.OTHER_ACCOUNT, *reasons), told)
