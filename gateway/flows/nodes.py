"""The nodes that share a store, and the key that all of them can open.

Each node announces the keys of its ring with a heartbeat, and seals with the newest key that every live node holds. So
a ring with a new key can be rolled out node by node: nobody seals with the new key before everybody can open it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import structlog

from gateway.flows.ports import Clock, Record, RecordStore
from gateway.observe import events
from gateway.observe.metrics import Metrics

NODE: Final = "node"
BEAT: Final = 10.0  # seconds between two heartbeats
_LIVES: Final = 35.0  # three missed heartbeats
_PAGE: Final = 500

_log = structlog.get_logger()


class Ring(Protocol):
    """The keys of this node."""

    @property
    def key_ids(self) -> Sequence[str]:
        """Names of the keys, newest first."""
        ...

    def settle(self, sealing: str, elsewhere: frozenset[str]) -> None:
        """Seal with this key from now on; `elsewhere` names keys that other nodes hold and this one lacks."""
        ...


class Card(msgspec.Struct, frozen=True):
    """What a node says of itself; nothing in it is secret."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the live nodes have in common.

    Attributes:
        sealing: the newest key of this ring that all of them hold; None when there is none.
        elsewhere: keys that others hold and this ring lacks.
        nodes: how many nodes live, this one included where it has announced itself.
        held_by: how many of them hold a key.
    """

    sealing: str | None
    elsewhere: frozenset[str]
    nodes: int
    held_by: dict[str, int]


class Nodes:
    """This node among the others.

    Args:
        store: what they share.
        ring: this node's keys.
        clock: the time.
        metrics: shows the agreement.
    """

    def __init__(self, store: RecordStore, ring: Ring, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._ring = ring
        self._clock = clock
        self._metrics = metrics
        self._id = secrets.token_hex(8)
        self._sealing = ""
        self._alone_reason = ""
        self.count = 1

    async def beat(self) -> None:
        """Announce this node and seal with what all hold.

        Raises:
            StoreUnavailable: the nodes could not be asked; the key stays the one it was.
        """
        card = msgspec.json.encode(Card(tuple(self._ring.key_ids)))
        await self._store.put(NODE, self._id, Record(card, 0, expires_at=self._clock.now() + _LIVES))
        agreed = await agreement(self._store, self._ring.key_ids)
        self.count = max(1, agreed.nodes)
        self._metrics.nodes.set(agreed.nodes)
        if agreed.sealing is None:
            self._alone_reason = f"keys: none of this node's is held by all {agreed.nodes} nodes"
            self._ring.settle(self._ring.key_ids[0], agreed.elsewhere)
            return
        self._alone_reason = ""
        self._ring.settle(agreed.sealing, agreed.elsewhere)
        if agreed.sealing != self._sealing:
            self._sealing = agreed.sealing
            _log.info(events.KEY_CHOSEN, key_id=agreed.sealing, nodes=agreed.nodes)

    async def reason_against(self) -> str:
        """Return why this node should not be sent requests; empty when nothing speaks against it."""
        return self._alone_reason

    async def leave(self) -> None:
        """Tell the others that this node ends.

        Raises:
            StoreUnavailable: they will find out by its missing heartbeats.
        """
        await self._store.delete(NODE, self._id)


async def agreement(store: RecordStore, key_ids: Sequence[str]) -> Agreement:
    """Say what the live nodes have in common with a ring.

    Raises:
        StoreUnavailable: they cannot be asked now.
    """
    rings, cursor = [], ""
    while True:
        entries, cursor = await store.walk(cursor, _PAGE, kind=NODE)
        rings += [set(msgspec.json.decode(one.record.value, type=Card).keys) for one in entries]
        if not cursor:
            break
    sealing = next((one for one in key_ids if all(one in ring for ring in rings)), None)
    elsewhere = frozenset[str]().union(*rings) - set(key_ids)
    known = set(key_ids) | elsewhere
    return Agreement(sealing, elsewhere, len(rings), {one: sum(one in ring for ring in rings) for one in known})
