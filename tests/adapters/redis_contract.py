"""The contract for an engine whose leases go by the server's own clock."""

import asyncio

import pytest

from tests.adapters.lease_contract import PassTime
from tests.adapters.store_contract import StoreContract


class RedisContract(StoreContract):
    @pytest.fixture
    def pass_time(self) -> PassTime:
        return asyncio.sleep
