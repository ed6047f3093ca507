"""The Redis engine keeps the contract over TLS; who is trusted is in test_redis_clients."""

from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.adapters.store_redis import RedisStore
from tests.adapters.redis_contract import RedisContract
from tests.adapters.redis_server import RedisServer, private_folder, redis_server
from tests.adapters.tls_files import make_tls_files
from tests.clock import FakeClock


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with private_folder() as folder, redis_server(tls=make_tls_files(folder)) as started:
        yield started


@pytest.fixture
async def store(server: RedisServer, clock: FakeClock) -> AsyncIterator[RedisStore]:
    assert server.tls is not None
    opened = await RedisStore.open(server.url, clock, ca_file=str(server.tls.ca))
    await opened._link.call_each("FLUSHALL")
    yield opened
    await opened.close()


class TestRedisStoreOverTls(RedisContract):
    pass
