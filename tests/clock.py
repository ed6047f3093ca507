"""A clock for tests."""

from dataclasses import dataclass


@dataclass
class FakeClock:
    """Stands still until told; Unix time, in seconds."""

    at: float = 1_800_000_000.0

    def now(self) -> float:
        return self.at

    def pass_time(self, seconds: float) -> None:
        self.at += seconds
