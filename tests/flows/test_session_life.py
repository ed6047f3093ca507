"""The life of sessions on several nodes, driven at random: no sign-in is lost, and no token reaches another session.

People sign in, call, sign out; tokens expire; refreshes run on several nodes at once; nodes are restarted with new
keys, stopped and killed in the middle of a refresh; records are sealed anew. With strict rotation, a node that is
killed between Cronofy's answer and the write loses the connection: the one loss that cannot be avoided, and it is told
apart.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.adapters.key_ring import generate_key
from gateway.adapters.store_memory import MemoryStore
from gateway.flows.refreshes import LEASE
from gateway.flows.stored_connection import Stored, connection_id
from gateway.rules.errors import RequestRefused
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.life_parts import LIFETIME, A, Node, RotatingCronofy, settle

T = TypeVar("T")

NODES = 3
PEOPLE = st.sampled_from(["acc_ada", "acc_bob", "acc_cyd"])
WHICH = st.integers(0, NODES - 1)
PICK = st.integers(0, 1_000)


class SessionLife(RuleBasedStateMachine):
    """The model knows who is signed in; the gateway must never know less, nor anything else."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.ring = [generate_key()]
        self.signed_in: dict[str, str] = {}
        self.signed_out: set[str] = set()
        self.lost: set[str] = set()

    def do(self, story: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(story, 20))

    @initialize(rotation=st.sampled_from(["off", "strict", "grace"]))
    def start(self, rotation: str) -> None:
        self.cronofy = RotatingCronofy(clock=self.clock, rotation=rotation)
        self.nodes = [self.new_node() for _ in range(NODES)]

    def new_node(self) -> Node:
        node = Node(self.store, self.ring, self.clock, self.cronofy)
        self.do(node.nodes.beat())
        return node

    def someone(self, pick: int) -> str | None:
        handles = list(self.signed_in)
        return handles[pick % len(handles)] if handles else None

    @rule(who=PEOPLE, which=WHICH)
    def sign_in(self, who: str, which: int) -> None:
        async def story() -> str:
            stored = await self.nodes[which].connections.connect(A, read_token_reply(self.cronofy.sign_in(who).body))
            return await self.nodes[which].sessions.create(A, {"connection": stored.id, "account": who})

        handle = self.do(story())
        assert handle not in self.signed_in
        self.signed_in[handle] = who
        self.lost.discard(who)

    @rule(pick=PICK, on=st.lists(WHICH, min_size=1, max_size=6))
    def call(self, pick: int, on: list[int]) -> None:
        """Call with one session on several nodes at once."""
        handle = self.someone(pick)
        if handle is not None:
            who, before = self.signed_in[handle], self.cronofy.count("token")
            bearers = self.do(self.bearers(handle, on))
            if who in self.lost:
                assert set(bearers) == {None}
            else:
                assert {self.cronofy.holder(bearer or "") for bearer in bearers} == {who}
                assert self.cronofy.count("token") - before <= 1

    async def bearers(self, handle: str, on: list[int]) -> list[str | None]:
        return await asyncio.gather(*(self.bearer(self.nodes[which], handle) for which in on))

    async def bearer(self, node: Node, handle: str) -> str | None:
        found = await node.sessions.find(A, handle)
        assert found is not None, "a session was lost"
        assert found.data["account"] == self.signed_in[handle]
        try:
            return (await node.vault.fresh(found.data["connection"])).bearer
        except RequestRefused:
            return None

    @rule(pick=PICK, which=WHICH)
    def sign_out(self, pick: int, which: int) -> None:
        handle = self.someone(pick)
        if handle is not None:
            self.do(self.nodes[which].sessions.end(A, handle))
            del self.signed_in[handle]
            self.signed_out.add(handle)
            self.clock.pass_time(2)  # within that time every node knows

    @rule(seconds=st.sampled_from([1.0, LEASE, 40.0, 400.0, LIFETIME]))
    def time_passes(self, seconds: float) -> None:
        self.clock.pass_time(seconds)
        for node in self.nodes:  # heartbeats have gone on all the while
            self.do(node.nodes.beat())

    @rule(which=WHICH)
    def restart(self, which: int) -> None:
        self.do(self.nodes[which].stop())
        self.nodes[which] = self.new_node()

    @rule(which=WHICH)
    def kill(self, which: int) -> None:
        self.nodes[which].kill()
        self.nodes[which] = self.new_node()

    @rule()
    def rotate_keys(self) -> None:
        """Roll a new key out, node by node; then seal everything anew and take the oldest one out of the rings."""
        self.ring.insert(0, generate_key())
        for which in range(NODES):
            self.restart(which)
            self.call(which, list(range(NODES)))  # old rings and new ones serve side by side
        self.clock.pass_time(40)  # of killed nodes nothing is left by now
        for node in self.nodes:
            self.do(node.nodes.beat())
        newest = self.nodes[0].sealer.key_ids[0]
        self.do(self.nodes[0].resealing.run(newest, lambda _: None, page=3))
        if len(self.ring) > 2:
            self.ring.pop()
            for which in range(NODES):
                self.restart(which)

    @rule(pick=PICK, which=WHICH)
    def kill_while_refreshing(self, pick: int, which: int) -> None:
        """Cronofy has carried the refresh out; the node is killed before it has the answer."""
        handle = self.someone(pick)
        if handle is None or self.signed_in[handle] in self.lost:
            return
        who = self.signed_in[handle]
        self.time_passes(LIFETIME)
        self.do(self.cut_off(self.nodes[which], handle))
        self.nodes[which] = self.new_node()
        self.clock.pass_time(LEASE)
        # The others begin within one lease time, which is within the grace where there is one.
        (bearer,) = self.do(self.bearers(handle, [which]))
        if self.cronofy.rotation == "strict":
            self.lost.add(who)
            assert bearer is None
            stored: Stored | None = self.do(self.nodes[which].connections.load(connection_id(A, who)))
            assert stored is not None
            assert stored.connection.lost_by == "interrupted"
        else:
            assert self.cronofy.holder(bearer or "") == who

    async def cut_off(self, node: Node, handle: str) -> None:
        self.cronofy.token_gate, self.cronofy.token_asked = asyncio.Event(), asyncio.Event()
        calling = asyncio.ensure_future(self.bearer(node, handle))
        await self.cronofy.token_asked.wait()
        node.kill()
        for task in asyncio.all_tasks():
            if task.get_name() in {"connection refresh", "token refresh", "renew lease"}:
                task.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        await settle()
        self.cronofy.token_gate = None

    @rule()
    def sweep(self) -> None:
        self.do(self.store.delete_expired())

    @invariant()
    def nobody_signed_out_is_let_in(self) -> None:
        async def story() -> None:
            for handle in self.signed_out:
                for node in self.nodes:
                    assert await node.sessions.find(A, handle) is None

        if self.signed_out:
            self.do(story())

    def teardown(self) -> None:
        try:
            if hasattr(self, "nodes"):
                for which in range(len(self.signed_in)):
                    self.call(which, list(range(NODES)))
                for node in self.nodes:
                    self.do(node.stop())
            self.loop.run_until_complete(settle())
        finally:
            self.loop.close()


TestSessionLife = SessionLife.TestCase
TestSessionLife.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
