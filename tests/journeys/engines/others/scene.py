"""An engine and all that is around it."""

from dataclasses import dataclass
from pathlib import Path

from tests.journeys.engines.others.gate import Gate
from tests.journeys.engines.others.relay import Relay
from tests.journeys.world import World


@dataclass(frozen=True)
class Scene:
    """What a test needs.

    Attributes:
        name: of the engine.
        url: where it listens, which is the gateway's public URL.
        world: gateway and emulator.
        gate: between the engine and the gateway's checks.
        cronofy: what the engine takes for Cronofy; the gateway goes to the emulator past it.
        log: what the engine writes.
    """

    name: str
    url: str
    world: World
    gate: Gate
    cronofy: Relay
    log: Path

    def forget(self) -> None:
        """Forget what was asked and carried."""
        self.gate.forget()
        self.cronofy.calls.clear()

    @property
    def carried(self) -> list[str]:
        """The request lines that Cronofy got from the engine."""
        return [one.line for one in self.cronofy.calls]

    def asked(self) -> list[tuple[str, str]]:
        """Return method and target of each call that the gateway was asked about."""
        found = []
        for first, *lines in self.gate.questions():
            method, target, _ = first.split(" ")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            if target == "/check":
                found.append((fields["x-forwarded-method"], fields["x-forwarded-uri"]))
            else:
                found.append((method, target.removeprefix("/check")))
        return found
