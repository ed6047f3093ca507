"""Learning in which modes an account is connected, without slowing its calls down.

Told by token replies, looked up at userinfo for everything else. A look-up runs beside the upstream call, is shared by
everybody who waits for the same token, is bounded in number, and remembers for a while that it failed. It never makes a
call fail: without an answer the header says `unknown`.

What is known is kept in memory for two seconds, then read from the store again: another node may have learnt more.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec
import structlog

from gateway.flows.bindings import account_key
from gateway.flows.ports import Clock, CronofyApi
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.short_memory import UnderWay
from gateway.flows.witnesses import Witness
from gateway.observe import events
from gateway.observe.metrics import Metrics
from gateway.rules.access_mode import AccessMode, AccountModes, Profile
from gateway.rules.client import Application
from gateway.rules.errors import CronofyUnavailable, StoreUnavailable
from gateway.rules.fingerprints import fingerprint
from gateway.rules.look_up_budget import BOUND, UNBOUND, LookUpBudget
from gateway.rules.userinfo import UserinfoInvalid, read_userinfo

MODES: Final = "modes"

FRESH_FOR: Final = 3_600.0  # a mode changes only when a person re-authorizes
FAILED_FOR: Final = 30.0
DOUBT_EVERY: Final = 300.0
KEPT: Final = 400 * 86_400.0
_AT_ONCE: Final = 8
_CACHE_SECONDS: Final = 2.0  # within which what another node learnt is known here, as a sign-out is
_CACHE_SIZE: Final = 10_000
_OK: Final = 200

T = TypeVar("T")

_log = structlog.get_logger()


class _StoredProfile(msgspec.Struct, frozen=True):
    id: str
    mode: AccessMode
    calendars: tuple[str, ...]
    name: str = ""
    connected: bool = True
    relink_url: str = ""


class _StoredModes(msgspec.Struct, frozen=True):
    account: str
    profiles: tuple[_StoredProfile, ...]
    whole: bool
    learnt_at: float


@dataclass(frozen=True, slots=True)
class _Known:
    """What is in memory, until when without another look at the store, and whether the store has it."""

    modes: AccountModes
    until: float
    is_stored: bool


class ModeBook:
    """What is known of the modes of accounts.

    Args:
        records: where it is kept.
        cronofy: where it is asked for.
        clock: the time.
        metrics: counts the look-ups.
        fresh_for: seconds after which what is known is looked up again, beside a call.
        nodes: tells how many processes share the look-up budget.
    """

    def __init__(
        self,
        records: SealedRecords,
        cronofy: CronofyApi,
        clock: Clock,
        metrics: Metrics,
        *,
        fresh_for: float = FRESH_FOR,
        nodes: Callable[[], int] = lambda: 1,
    ) -> None:
        self._records = records
        self._cronofy = cronofy
        self._clock = clock
        self._metrics = metrics
        self._fresh_for = fresh_for
        self._nodes = nodes
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._running: dict[str, asyncio.Task[AccountModes | None]] = {}
        self._failed_until: OrderedDict[str, float] = OrderedDict()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._doubted_at: OrderedDict[str, float] = OrderedDict()
        self._account_of_token: OrderedDict[str, str] = OrderedDict()
        self._asked_at: OrderedDict[str, float] = OrderedDict()
        self._reads = UnderWay()
        self._budgets: dict[tuple[str, bool], LookUpBudget] = {}

    async def known(self, application: Application, account: str) -> AccountModes | None:
        """Return what is known of an account, or was known last while the store is away; None when nothing is."""
        if account.startswith("ser_"):  # nobody's calendars: no look-up could tell more
            return AccountModes(account, (), whole=True, learnt_at=self._clock.now())
        key = account_key(application.name, account)
        found = self._known.get(key)
        if found is None or found.until <= self._clock.now():
            found = await self._read(key, found)
            if found is None:
                return None
        is_doubted = self._doubted_at.get(key, -1.0) >= found.modes.learnt_at
        return replace(found.modes, whole=False) if is_doubted else found.modes

    async def _read(self, key: str, before: _Known | None) -> _Known | None:
        """Look at the store; what it has replaces what is in memory, unless that could not be written yet."""
        until = self._clock.now() + _CACHE_SECONDS
        if before is not None:
            # Whoever asks meanwhile, or while the store is away, is told this.
            before = _remember(self._known, key, replace(before, until=until))
        try:
            with self._reads.begin(key) as read:
                stored = await self._records.load(MODES, key, _StoredModes)
        except StoreUnavailable:
            return before
        if read.is_outdated or self._known.get(key) is not before:  # forgotten or learnt here meanwhile
            return self._known.get(key)
        if before is not None and not before.is_stored and not (stored and stored.learnt_at > before.modes.learnt_at):
            return before
        if stored is None:
            self._known.pop(key, None)
            return None
        profiles = tuple(_profile(one) for one in stored.profiles)
        modes = AccountModes(stored.account, profiles, whole=stored.whole, learnt_at=stored.learnt_at)
        return _remember(self._known, key, _Known(modes, until, is_stored=True))

    async def known_for(self, application: Application, account: str, token: str) -> AccountModes | None:
        """Return what is known of a caller's account; for a token without a binding, by what its look-up told."""
        found = account or self._account_of_token.get(fingerprint("token", token), "")
        return await self.known(application, found) if found else None

    def witnesses(self, application: Application, account: str, token: str) -> list[Witness | None]:
        """Return what bears witness of what `known_for` just said; None in it where that was not remembered."""
        account = account or self._account_of_token.get(fingerprint("token", token), "")
        if account.startswith("ser_"):
            return []
        key = account_key(application.name, account)
        found = self._known.get(key)
        until = min(found.until, found.modes.learnt_at + self._fresh_for) if found else 0.0
        return [Witness(self._known, key, found, until)] if found else [None]

    async def learn(self, application: Application, account: str, profile: Profile) -> None:
        """Take in what a token reply told of one profile."""
        now = self._clock.now()
        known = await self.known(application, account) or AccountModes(account, (), whole=False, learnt_at=now)
        await self._keep(application, known.with_profile(profile, now=now))

    async def learn_whole(self, application: Application, modes: AccountModes) -> None:
        """Take in what a userinfo answer told of an account."""
        _log.info(events.MODES_LEARNT, account=modes.account, modes=[str(one) for one in modes.all()])
        _remember(self._asked_at, account_key(application.name, modes.account), self._clock.now())
        await self._keep(application, modes)

    async def forget(self, application: Application, account: str) -> None:
        """Forget an account whose authorization or profile was just ended; the next call learns it anew."""
        key = account_key(application.name, account)
        self._known.pop(key, None)
        try:
            await self._records.store.delete(MODES, key)
        except StoreUnavailable as error:
            _log.warning(events.STORE_FAILED, detail=error.detail)
        self._known.pop(key, None)  # what was read meanwhile goes as well
        self._reads.outdate(key)

    async def doubt(self, application: Application, account: str) -> None:
        """Let the next call look an account up again: Cronofy refused something that its known mode allows.

        At most once in five minutes, since a refusal can have many reasons.
        """
        key = account_key(application.name, account)
        known = await self.known(application, account)
        if known is not None and self._asked_at.get(key, 0.0) + DOUBT_EVERY <= self._clock.now():
            _remember(self._asked_at, key, self._clock.now())
            # Beside what is known, which is read from the store again: it ends with the next look-up of whatever node.
            _remember(self._doubted_at, key, self._clock.now())
            if found := self._known.get(key):
                self._known[key] = replace(found)  # another entry, so it bears witness of nothing

    def needs_look_up(self, known: AccountModes | None) -> bool:
        """Say whether userinfo should be asked (again), beside a call."""
        return known is None or not known.whole or known.learnt_at + self._fresh_for <= self._clock.now()

    def look_up(
        self, application: Application, token: str, *, bound: bool = True
    ) -> "asyncio.Future[AccountModes | None]":
        """Ask userinfo with this token, or join whoever is asking already; the result is None when it failed.

        Any number of callers may wait; the look-up goes on when they leave.

        Args:
            application: whose token it is.
            token: an access token.
            bound: the token is a client's, or Cronofy has accepted it; else it comes out of the small budget.
        """
        token_id = fingerprint("token", token)
        if running := self._running.get(token_id):
            return asyncio.shield(running)
        now = self._clock.now()
        budget = self._budgets.setdefault((application.name, bound), LookUpBudget(*(BOUND if bound else UNBOUND)))
        failed = self._failed_until.get(token_id, 0.0) > now
        if not failed and not budget.take(now, nodes=self._nodes()):
            self._metrics.mode_lookups.labels("over_budget").inc()
            failed = True
        if bound:
            self._metrics.mode_lookup_share.labels(application.name).set(budget.share(now, nodes=self._nodes()))
        if failed:
            nothing: asyncio.Future[AccountModes | None] = asyncio.get_running_loop().create_future()
            nothing.set_result(None)
            return nothing
        task = asyncio.create_task(self._ask(application, token, token_id), name="mode look-up")
        self._running[token_id] = task
        task.add_done_callback(lambda _: self._running.pop(token_id, None))
        return asyncio.shield(task)

    async def _ask(self, application: Application, token: str, token_id: str) -> AccountModes | None:
        try:
            async with self._slots:
                reply = await self._cronofy.userinfo(application, token)
            modes = read_userinfo(reply.body, now=self._clock.now()) if reply.status == _OK else None
        except (CronofyUnavailable, UserinfoInvalid) as error:
            self._failed(token_id, error.code if isinstance(error, CronofyUnavailable) else str(error))
            return None
        if modes is None:
            self._failed(token_id, f"status {reply.status}")
            return None
        self._metrics.mode_lookups.labels("learnt").inc()
        _remember(self._account_of_token, token_id, modes.account)
        await self.learn_whole(application, modes)
        return modes

    def _failed(self, token_id: str, reason: str) -> None:
        self._metrics.mode_lookups.labels("failed").inc()
        _log.warning(events.MODES_LOOKUP_FAILED, reason=reason)
        _remember(self._failed_until, token_id, self._clock.now() + FAILED_FOR)

    async def _keep(self, application: Application, modes: AccountModes) -> None:
        key = account_key(application.name, modes.account)
        before = await self.known(application, modes.account)
        for one in modes.profiles:
            was = (
                next((known.mode for known in before.profiles if known.id == one.id), one.mode) if before else one.mode
            )
            if was is not one.mode:
                self._metrics.mode_changes.labels(was, one.mode).inc()
        self._doubted_at.pop(key, None)
        until = self._clock.now() + _CACHE_SECONDS
        kept = _remember(self._known, key, _Known(modes, until, is_stored=False))
        profiles = tuple(_stored(one) for one in modes.profiles)
        stored = _StoredModes(modes.account, profiles, modes.whole, modes.learnt_at)
        try:
            await self._records.save(MODES, key, stored, account=key, expires_at=self._clock.now() + KEPT)
        except StoreUnavailable as error:
            # Kept in memory; the next look-up writes it again.
            _log.warning(events.STORE_FAILED, detail=error.detail)
            return
        if self._known.get(key) is kept:
            self._known[key] = replace(kept, is_stored=True)

    async def close(self) -> None:
        """End the look-ups that are still running."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _remember(cache: OrderedDict[str, T], key: str, value: T) -> T:
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > _CACHE_SIZE:
        cache.popitem(last=False)
    return value


def _profile(one: _StoredProfile) -> Profile:
    return Profile(one.id, one.mode, frozenset(one.calendars), one.name, one.connected, one.relink_url)


def _stored(one: Profile) -> _StoredProfile:
    return _StoredProfile(one.id, one.mode, tuple(sorted(one.calendars)), one.name, one.connected, one.relink_url)
