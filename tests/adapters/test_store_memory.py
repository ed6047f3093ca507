"""The memory engine keeps the contract."""

import pytest

from gateway.adapters.store_memory import MemoryStore
from tests.adapters.store_contract import StoreContract
from tests.clock import FakeClock


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, clock: FakeClock) -> MemoryStore:
        return MemoryStore(clock)
