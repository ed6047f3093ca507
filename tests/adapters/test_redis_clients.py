"""Each arrangement is reached as its URL says: by sentinels, over TLS, with a password where one is wanted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.adapters.redis_link import RedisLink
from gateway.adapters.store_redis import RedisStore
from gateway.rules.errors import StoreUnavailable, StoreUnusable
from gateway.rules.store_urls import redis_address
from tests.adapters.redis_server import (
    MASTER,
    PASSWORD,
    RedisServer,
    Watched,
    mute_server,
    private_folder,
    redis_cluster,
    redis_sentinel,
    redis_server,
)
from tests.adapters.tls_files import TlsFiles, make_tls_files
from tests.clock import FakeClock
from tests.ports import free_port


@pytest.fixture(scope="module")
def tls() -> Iterator[TlsFiles]:
    with private_folder() as folder:
        yield make_tls_files(folder)


@pytest.fixture(scope="module")
def server(tls: TlsFiles) -> Iterator[RedisServer]:
    with redis_server(tls=tls) as started:
        yield started


@pytest.fixture(scope="module")
def watched(tls: TlsFiles) -> Iterator[Watched]:
    """Everything over TLS and with one password."""
    with redis_sentinel(password=PASSWORD, tls=tls) as started:
        yield started


async def _answer(url: str, *, ca_file: str = "", timeout: float = 2.0) -> str:  # noqa: ASYNC109  the link's own
    """Return `ok`, or why a command was not answered."""
    link = await RedisLink.open(redis_address(url), ca_file=ca_file, timeout=timeout)
    try:
        assert await link.call("SET", "a", "x") is True
        assert [answer["appendonly"] for answer in await link.call_each("CONFIG GET", "appendonly")] == ["no"]
    except StoreUnavailable as error:
        return f"{type(error).__name__}: {error.detail}"
    finally:
        await link.close()
    return "ok"


async def test_tls_is_verified_against_the_ca_file(server: RedisServer, tls: TlsFiles) -> None:
    assert await _answer(server.url, ca_file=str(tls.ca)) == "ok"


async def test_a_server_of_an_unknown_authority_is_refused(server: RedisServer, tmp_path: Path) -> None:
    """Whoever sits between would else be handed the password."""
    other = make_tls_files(tmp_path)
    for ca_file in ("", str(other.ca)):
        answer = await _answer(server.url, ca_file=ca_file)
        assert answer.startswith("StoreUnusable")
        assert "CERTIFICATE_VERIFY_FAILED" in answer


async def test_a_server_of_another_name_is_refused() -> None:
    with private_folder() as folder:
        tls = make_tls_files(folder, "redis.example.com")
        with redis_server(tls=tls) as other:
            assert "CERTIFICATE_VERIFY_FAILED" in await _answer(other.url, ca_file=str(tls.ca))


async def test_a_url_without_tls_does_not_reach_a_server_with_it(server: RedisServer, tls: TlsFiles) -> None:
    assert "ConnectionError" in await _answer(f"redis://127.0.0.1:{server.port}")


async def test_a_url_with_tls_does_not_fall_back(tls: TlsFiles) -> None:
    with redis_server() as plain:
        url = f"rediss://127.0.0.1:{plain.port}"
        assert "no answer in time" in await _answer(url, ca_file=str(tls.ca), timeout=0.3)


async def test_sentinels_and_master_are_reached_over_tls_with_the_password(watched: Watched, tls: TlsFiles) -> None:
    """A sentinel wants the password of its own configuration, or none: both are usual."""
    url = f"rediss+sentinel://:{PASSWORD}@127.0.0.1:{watched.sentinel.port}/{MASTER}"
    assert await _answer(url, ca_file=str(tls.ca)) == "ok"
    with watched.sentinel.admin() as admin:
        admin.execute_command("ACL", "SETUSER", "default", "resetpass", f">{PASSWORD}")
    assert await _answer(url, ca_file=str(tls.ca)) == "ok"
    refused = await _answer(url.replace(PASSWORD, "wrong-canary"), ca_file=str(tls.ca))

    assert "no sentinel names a working master of that name (AuthenticationError)" in refused
    assert "canary" not in refused


async def test_a_sentinel_of_an_unknown_authority_is_refused(watched: Watched) -> None:
    url = f"rediss+sentinel://:{PASSWORD}@127.0.0.1:{watched.sentinel.port}/{MASTER}"
    assert "no sentinel names a working master of that name (ConnectionError)" in await _answer(url)


async def test_a_cluster_is_reached_over_tls(tls: TlsFiles) -> None:
    """Also the nodes that are learnt from another one: all are asked for their configuration."""
    with redis_cluster(1, tls=tls) as (node,):
        url = f"rediss+cluster://127.0.0.1:{node.port}"
        assert await _answer(url, ca_file=str(tls.ca)) == "ok"
        assert "CERTIFICATE_VERIFY_FAILED" in await _answer(url)
        with node.admin() as admin:
            admin.config_set("requirepass", PASSWORD)
        with pytest.raises(StoreUnusable):  # waiting for another password would be in vain
            await RedisStore.open(url.replace("//", "//:wrong-canary@"), FakeClock(), ca_file=str(tls.ca))
        assert await _answer(url.replace("//", f"//:{PASSWORD}@"), ca_file=str(tls.ca)) == "ok"


async def test_a_mute_sentinel_leaves_time_for_the_next(watched: Watched, tls: TlsFiles) -> None:
    with mute_server() as mute, redis_sentinel() as other:
        hosts = f"127.0.0.1:{mute},127.0.0.1:{free_port()},127.0.0.1:{other.sentinel.port}"
        assert await _answer(f"redis+sentinel://{hosts}/{MASTER}") == "ok"


async def test_a_master_that_no_sentinel_knows_is_told(watched: Watched, tls: TlsFiles) -> None:
    with redis_sentinel() as other:
        assert "no sentinel names" in await _answer(f"redis+sentinel://127.0.0.1:{other.sentinel.port}/another")
