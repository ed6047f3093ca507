"""The journal of refreshes: what was asked with a refresh token, and what came back.

An entry lies under a hash of the refresh token that was used. It is written before Cronofy is asked, so that a crash
between answer and write can be told from a revocation; and it holds the answer, so that whoever still has the old
refresh token, on whatever node, is led to the new one instead of using the old one again.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from gateway.flows.bindings import account_key
from gateway.flows.ports import Clock, Lease
from gateway.flows.sealed_records import SealedRecords
from gateway.rules.client import Application
from gateway.rules.errors import StoreUnavailable
from gateway.rules.fingerprints import fingerprint

REFRESH: Final = "refresh"
# What nobody can need any more goes soon; what leads from an old refresh token to a new one or tells of a crash stays.
_SOON: Final = 60.0


class Entry(msgspec.Struct, frozen=True):
    """What is known of a refresh token's use.

    Attributes:
        stage: `asked` until there is an outcome.
        at: Unix time, in seconds, of the last step.
        status: what Cronofy answered; 0 while there is no answer.
        body: its body; never leaves unsealed.
        rotated: the answer holds another refresh token than the one that was used.
        unclear: an earlier request may have been carried out although its answer was never kept.
        code: of a failure: the error's code.
        public: of a failure: its public sentence.
    """

    stage: Literal["asked", "answered", "failed"]
    at: float
    status: int = 0
    body: bytes = b""
    rotated: bool = False
    unclear: bool = False
    code: str = ""
    public: str = ""

    def __repr__(self) -> str:  # the tokens stay out of tracebacks and logs
        return f"Entry(stage={self.stage!r}, status={self.status}, unclear={self.unclear})"


@dataclass(frozen=True, slots=True)
class RefreshJournal:
    """Keeps entries.

    Attributes:
        records: where they rest.
        clock: the time.
        kept: seconds that an entry is kept which somebody may still need.
    """

    records: SealedRecords
    clock: Clock
    kept: float

    async def find(self, name: str) -> Entry | None:
        """Return what is known.

        Raises:
            StoreUnavailable: it cannot be known now.
        """
        return await self.records.load(REFRESH, name, Entry)

    async def find_way_on(self, name: str) -> Entry | None:
        """Return the entry where it leads on to another refresh token; None also while the store cannot tell."""
        with suppress(StoreUnavailable):
            entry = await self.find(name)
            return entry if entry is not None and entry.rotated else None
        return None

    async def write(self, name: str, account: str, entry: Entry, *, lease: Lease | None = None) -> None:
        """Write an entry.

        Raises:
            StoreUnavailable: nothing was written.
            LeaseLost: somebody else may be using the refresh token by now.
        """
        needed = entry.stage == "asked" or entry.unclear or entry.rotated
        expires_at = self.clock.now() + (self.kept if needed else _SOON)
        await self.records.save(REFRESH, name, entry, account=account, expires_at=expires_at, lease=lease)

    async def name_account(self, name: str, account: str) -> None:
        """Write down whom an entry is about, once that is known, so that erasing the account finds it.

        Raises:
            StoreUnavailable: it was not written.
        """
        await self.records.change(REFRESH, name, Entry, lambda present: present, account=account, expires_at=0.0)


def refresh_name(application: Application, refresh_token: str, *more: str) -> str:
    """Name a refresh token's use; several clients hold the same one when they connect the same account."""
    return fingerprint("refresh", application.name, refresh_token, *more)


def account_of(application: Application, account: str) -> str:
    """Name the account that an entry is about, so that erasing the account finds it."""
    return account_key(application.name, account) if account else ""
