"""Using a refresh token: once for any number of callers, on any number of nodes.

In the process all callers share one task, behind `asyncio.shield`, so that whoever leaves takes nobody's answer along.
Across nodes whoever holds the lease asks; the others wait for the journal's entry. Nothing is asked unless the store
took the lease and the mark: a refresh token that was used and not replaced may be lost.

Source: RFC 6749 section 6; RFC 9700 section 4.14.2 (rotation);
https://docs.cronofy.com/developers/faqs/access-token-expiry/ (the refresh token may change when it is used).
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import structlog

from gateway.flows.late_entries import LateEntries
from gateway.flows.leases import held
from gateway.flows.ports import ApiReply, Clock, CronofyApi, Lease, LeaseLost
from gateway.flows.refresh_journal import Entry, RefreshJournal, account_of, refresh_name
from gateway.flows.refresh_outcomes import Refreshed, UnusableReply, again, failure_of
from gateway.flows.shared_tasks import SharedTasks
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.client import Application
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.token_reply import ReplyInvalid, error_of_reply, read_token_reply

LEASE: Final = 5.0  # seconds; renewed while the call runs, so a slow token endpoint does not outlive it
COOL_OFF: Final = 3.0  # after a refresh that Cronofy did not answer usably
REMEMBERED: Final = 30.0  # a client that lost an answer may ask again with the old refresh token
PATIENCE: Final = 90.0  # seconds to wait for another node's call to Cronofy
_POLLS: Final = (0.02, 0.25)  # seconds, growing
_RETRY_AFTER: Final = {"Retry-After": "5"}
_OK: Final = 200
_BAD_REQUEST: Final = 400
_SERVER_ERROR: Final = 500

_log = structlog.get_logger()


class Refreshes:
    """Uses refresh tokens.

    Args:
        journal: remembers what was asked and answered.
        cronofy: who is asked.
        clock: the time.
        metrics: counts.
        patience: seconds to wait for another node's call; longer than such a call can take.
    """

    def __init__(
        self,
        journal: RefreshJournal,
        cronofy: CronofyApi,
        clock: Clock,
        metrics: Metrics,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._journal = journal
        self._patience = patience
        self._cronofy = cronofy
        self._clock = clock
        self._metrics = metrics
        self._running: SharedTasks[Refreshed] = SharedTasks("token refresh")
        self._cooling: OrderedDict[str, tuple[float, CronofyUnavailable]] = OrderedDict()
        self._late = LateEntries(journal)

    @property
    def journal(self) -> RefreshJournal:
        """Where the answers rest."""
        return self._journal

    async def ask(
        self,
        application: Application,
        refresh_token: str,
        *,
        account: str = "",
        remembered: float = REMEMBERED,
        more: Mapping[str, Any] | None = None,
    ) -> Refreshed:
        """Use a refresh token, or share the answer of whoever is using it or has just used it.

        Args:
            application: whose token it is.
            refresh_token: the token.
            account: its `sub`, where it is known.
            remembered: seconds for which an answer with another refresh token in it is given again.
            more: further fields of the request.

        Raises:
            CronofyUnavailable: no usable answer; the refresh token may be tried again after a moment.
            StoreUnavailable: nothing was asked.
        """
        extra = dict(more or {})
        name = refresh_name(application, refresh_token, *(f"{key}={extra[key]}" for key in sorted(extra)))
        # The token without further fields is the same token: one at a time uses it, and what becomes of it is told.
        names = tuple(dict.fromkeys((name, refresh_name(application, refresh_token))))
        fields: dict[str, Any] = {"client_id": application.client_id, "client_secret": application.client_secret}
        fields |= {"grant_type": "refresh_token", "refresh_token": refresh_token, **extra}
        about = account_of(application, account)
        # Whoever may be given older answers joins no task that may not, and the other way round.
        title = f"{name} {remembered}"
        return await self._running.join(title, lambda: self._refresh(application, names, about, fields, remembered))

    def is_cooling(self, application: Application, refresh_token: str) -> bool:
        """Say whether Cronofy has just failed on a refresh token."""
        return self._cooling.get(refresh_name(application, refresh_token), (0.0, None))[0] > self._clock.now()

    async def is_newest(self, application: Application, refresh_token: str) -> bool:
        """Say whether nobody is replacing a refresh token now, on any node, or has replaced it.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        entry = await self._journal.find(refresh_name(application, refresh_token))
        return entry is None or not (entry.stage == "asked" or entry.rotated or entry.unclear)

    async def _refresh(
        self, application: Application, names: tuple[str, ...], about: str, fields: dict[str, Any], remembered: float
    ) -> Refreshed:
        began = self._clock.now()
        loop = asyncio.get_running_loop()
        deadline, poll = loop.time() + self._patience, _POLLS[0]
        while loop.time() < deadline:
            if (known := await self._known(names, began, remembered)) is not None:
                return known
            lease = await self._journal.records.store.acquire(names[-1], secrets.token_hex(16), LEASE)
            if lease is None:
                await asyncio.sleep(poll)
                poll = min(poll * 1.5, _POLLS[1])
                continue
            async with held(self._journal.records.store, lease, LEASE):
                # Again: whoever held it before may have been answered since the first look.
                if (known := await self._known(names, began, remembered)) is not None:
                    return known
                try:
                    return await self._alone(application, names, about, fields, lease)
                except LeaseLost:
                    continue
        raise StoreUnavailable("another node's refresh did not come to an end")

    async def _known(self, names: tuple[str, ...], began: float, remembered: float) -> Refreshed | None:
        """Return an answer that may be shared; raise the failure that everybody has to wait out."""
        now, name = self._clock.now(), names[0]
        for one in names:
            if (late := await self._late.write(one)) is not None and (one == name or late.rotated):
                return Refreshed(ApiReply(late.status, late.body), late.at, late.unclear)  # nobody has had it yet
        until, told = self._cooling.get(name, (0.0, None))
        if told is not None and until > now:
            raise again(told)
        entry, *other = [await self._journal.find(one) for one in names]
        if entry is not None and entry.stage == "failed" and entry.at + COOL_OFF > now:
            raise self._cool(name, failure_of(entry))
        # The same refresh token may simply be used again, so only those who waited for an answer share it. One that was
        # replaced must not be: it may be dead, and its use may even be taken for a theft.
        answered = [one for one in (entry, *other) if one is not None and one.stage == "answered"]
        for known in answered:
            waited_for = known.at >= began and (known is entry or known.rotated)
            if waited_for or (known.rotated and now - known.at <= remembered):
                self._metrics.refreshes.labels("shared").inc()
                return Refreshed(ApiReply(known.status, known.body), known.at, known.unclear)
        return None

    async def _alone(
        self, application: Application, names: tuple[str, ...], about: str, fields: dict[str, Any], lease: Lease
    ) -> Refreshed:
        """Ask Cronofy, with a mark before and the outcome after it.

        An entry that leads on to another refresh token stays, whatever comes of using the old one again: other clients
        hold the old one too, and would be lost without it. Only another token set takes its place.
        """
        name, fence = names[0], lease if names[0] == lease.name else None
        before, *_ = there = [await self._journal.find(one) for one in names]
        unclear = before is not None and (before.stage == "asked" or (before.unclear and before.stage == "failed"))
        leads_on = before is not None and before.rotated
        if not leads_on:
            await self._journal.write(name, about, Entry("asked", self._clock.now(), unclear=unclear), lease=fence)
        try:
            reply = await self._cronofy.token(application, fields)
        except CronofyUnavailable as error:
            raise await self._failed(name, about, error, unclear=True, leads_on=leads_on) from None
        entry = self._judge(reply, str(fields["refresh_token"]), unclear=unclear)
        if isinstance(entry, UnusableReply):
            # A plain refusal was not carried out; anything else may have been.
            refused = _BAD_REQUEST <= reply.status < _SERVER_ERROR
            raise await self._failed(name, about, entry, unclear=unclear or not refused, leads_on=leads_on)
        for one in names if entry.status != _OK else ():
            way_on = await self._journal.find_way_on(one)
            if way_on is not None and way_on not in there:  # somebody else used it under this call, and was answered
                return Refreshed(ApiReply(way_on.status, way_on.body), way_on.at, interrupted=False)
        if entry.status == _OK or not leads_on:
            for one in names if entry.rotated else [name]:
                await self._keep(one, about, entry)
        refreshed = Refreshed(reply, entry.at, unclear)
        self._metrics.refreshes.labels("refused" if refreshed.is_final else "answered").inc()
        if unclear:
            outcome = "lost" if refreshed.is_final else "recovered"
            self._metrics.refresh_interruptions.labels(outcome).inc()
            _log.warning(events.REFRESH_INTERRUPTED, outcome=outcome)
        return refreshed

    def _judge(self, reply: ApiReply, used: str, *, unclear: bool) -> Entry | UnusableReply:
        """Return the entry of a token set or a final refusal, or the failure that anything else is."""
        now = self._clock.now()
        if reply.status != _OK:
            if error_of_reply(reply.body) == "invalid_grant":
                return Entry("answered", now, reply.status, reply.body, unclear=unclear)
            return UnusableReply(reply, f"status {reply.status}")
        try:
            tokens = read_token_reply(reply.body)
        except ReplyInvalid as error:
            return UnusableReply(reply, str(error))
        return Entry("answered", now, reply.status, reply.body, rotated=tokens.refresh_token != used)

    async def _failed(
        self, name: str, about: str, error: CronofyUnavailable, *, unclear: bool, leads_on: bool
    ) -> CronofyUnavailable:
        """Let everybody on every node wait a moment, and return the failure."""
        reply = error.reply if isinstance(error, UnusableReply) else ApiReply(0, b"")
        now = self._clock.now()
        entry = Entry("failed", now, reply.status, reply.body, unclear=unclear, code=error.code, public=error.public)
        if not leads_on:
            await self._keep(name, about, entry)
        self._metrics.refreshes.labels("failed").inc()
        return self._cool(name, error)

    async def _keep(self, name: str, about: str, entry: Entry) -> None:
        """Write an outcome; what the store does not take now is written before anything else."""
        try:
            await self._journal.write(name, about, entry)
        except StoreUnavailable as error:
            _log.warning(events.STORE_FAILED, detail=error.detail)
            if entry.stage == "answered":
                self._late.take(name, about, entry)

    def _cool(self, name: str, error: CronofyUnavailable) -> CronofyUnavailable:
        """Remember a failure for a moment, and return it."""
        now = self._clock.now()
        while self._cooling and next(iter(self._cooling.values()))[0] <= now:  # all cool off equally long
            self._cooling.popitem(last=False)
        self._cooling.pop(name, None)
        self._cooling[name] = (now + COOL_OFF, error)
        return error

    async def close(self) -> None:
        """Wait for the refreshes that run, and try once more to write what could not be written."""
        await self._running.close()
        await self._late.close()
