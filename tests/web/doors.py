"""A public application over fakes, for the handlers' tests."""

from gateway.flows.tokens import RevokeDoor, TokenDoor
from gateway.web.keys import PublicDoors
from tests.flows.fakes import FakeUpstream, Kit, client, registry
from tests.flows.test_proxy import proxy


def doors(one: Kit, upstream: FakeUpstream, *, max_body_bytes: int = 1_000_000) -> PublicDoors:
    """Return the doors of a gateway with the clients a and b."""
    known = registry(client("a"), client("b"))
    tokens = TokenDoor(known, one.bindings, one.modes, one.cronofy, one.metrics)
    return PublicDoors(known, tokens, RevokeDoor(tokens), proxy(one, upstream), one.metrics, max_body_bytes)
