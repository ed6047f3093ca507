"""Parts of the session life's state machine: a Cronofy that rotates, nodes that can be killed."""

import asyncio
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from gateway.adapters.key_ring import parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_memory import MemoryStore
from gateway.flows.connections import Connections
from gateway.flows.nodes import Nodes
from gateway.flows.ports import ApiReply
from gateway.flows.refresh_journal import RefreshJournal
from gateway.flows.refreshes import Refreshes
from gateway.flows.resealing import Resealing
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.sessions import Sessions
from gateway.flows.vault import Vault
from gateway.observe.metrics import Metrics
from gateway.rules.client import Application
from gateway.rules.errors import StoreUnavailable
from gateway.rules.session_times import Lifetimes
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, FakeCronofy, client, registry, token_reply

A = client("a")
LIFETIME = 3_600.0
GRACE = 30.0
DEAD = ApiReply(400, b'{"error":"invalid_grant"}')


@dataclass
class RotatingCronofy(FakeCronofy):
    """Hands out tokens of accounts; with rotation, a refresh token that was replaced dies at once or after a grace."""

    clock: FakeClock = field(default_factory=FakeClock)
    rotation: str = "off"
    refresh_of: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, tuple[str, float]] = field(default_factory=dict)
    access: dict[str, tuple[str, float]] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def sign_in(self, account: str) -> ApiReply:
        """Answer a code: an account that is still authorized keeps its refresh token."""
        self.refresh_of.setdefault(account, f"refresh-{account}-{next(self.numbers)}")
        return self._answer(account)

    def holder(self, bearer: str) -> str | None:
        """Say whose access token this is."""
        account, until = self.access.get(bearer, ("", 0.0))
        return account if until > self.clock.now() else None

    async def token(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        used = str(fields["refresh_token"])
        self.asked.append((f"token {application.name}", fields))
        account = next((one for one, token in self.refresh_of.items() if token == used), None)
        if account is None:
            owner, until = self.replaced.get(used, ("", 0.0))
            answer = self._answer(owner) if until > self.clock.now() else DEAD
        else:
            if self.rotation != "off":
                grace = GRACE if self.rotation == "grace" else 0.0
                self.replaced[used] = (account, self.clock.now() + grace)
                self.refresh_of[account] = f"refresh-{account}-{next(self.numbers)}"
            answer = self._answer(account)
        self.token_asked.set()
        await settle()  # others come while the answer is on its way
        if self.token_gate is not None:
            await self.token_gate.wait()  # carried out, but nobody has the answer yet
        return answer

    def _answer(self, account: str) -> ApiReply:
        bearer = f"access-{account}-{next(self.numbers)}"
        self.access[bearer] = (account, self.clock.now() + LIFETIME)
        return token_reply(bearer, self.refresh_of[account], sub=account, expires_in=LIFETIME)


class MortalStore:
    """A node's way to the shared store; nothing goes through any more once the node was killed."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.is_dead = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def call(*args: Any, **more: Any) -> Any:
            if self.is_dead:
                raise StoreUnavailable("this node was killed")
            return await method(*args, **more)

        return method if name == "listen" else call


class Node:
    """One gateway process."""

    def __init__(self, store: MemoryStore, ring: list[str], clock: FakeClock, cronofy: RotatingCronofy) -> None:
        self.store = MortalStore(store)
        sealer = AesGcmSealer(parse_key_ring(";".join(ring)))
        records, metrics = SealedRecords(self.store, sealer), Metrics()
        self.connections = Connections(records, clock, kept=1e9)
        self.sessions = Sessions(records, clock, Lifetimes(1e9, 1e9))
        self.refreshes = Refreshes(RefreshJournal(records, clock, 1e9), cronofy, clock, metrics)
        self.vault = Vault(self.connections, registry(A), self.refreshes, clock, metrics)
        self.nodes = Nodes(self.store, sealer, clock, metrics)
        self.resealing = Resealing(self.store, sealer, clock)
        self.sealer = sealer
        self.application = APPLICATION

    async def stop(self) -> None:
        """End as a process that was told to."""
        await self.vault.close()
        await self.refreshes.close()
        await self.nodes.leave()

    def kill(self) -> None:
        """End as a process that was killed: whatever it was doing reaches nobody any more."""
        self.store.is_dead = True


def scope_of(reply: ApiReply) -> str:
    """Return the scope of a token reply."""
    return str(json.loads(reply.body)["scope"])


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)
