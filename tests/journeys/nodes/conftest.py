"""The engines that several nodes can share, each a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.redis_server import RedisServer, flush, redis_server


@pytest.fixture(scope="package")
def redis() -> Iterator[RedisServer]:
    with redis_server("--appendonly", "yes", "--appendfsync", "always") as started:
        yield started


@pytest.fixture(params=["sqlite", "redis"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each engine."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        flush(server)
        return server.url
    return f"sqlite:///{tmp_path / 'records.db'}"
