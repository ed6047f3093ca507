"""A store URL is read exactly, and a complaint about one repeats nothing of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.store_urls import RedisAddress, complaint_about_store_url, is_redis, redis_address

SECRET = "canary-password"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", RedisAddress("single", False, (("localhost", 6379),))),
        ("redis://localhost/", RedisAddress("single", False, (("localhost", 6379),))),
        ("rediss://r.example.com:6380/3", RedisAddress("single", True, (("r.example.com", 6380),), database=3)),
        ("redis://:pw@[::1]:1", RedisAddress("single", False, (("::1", 1),), "", "pw")),
        ("redis://me:p%40%2f%3a%23@h", RedisAddress("single", False, (("h", 6379),), "me", "p@/:#")),
        ("redis://me:a:b@h", RedisAddress("single", False, (("h", 6379),), "me", "a:b")),
        (
            "redis+sentinel://a,b:1/mymaster",
            RedisAddress("sentinel", False, (("a", 26379), ("b", 1)), master="mymaster"),
        ),
        (
            "rediss+sentinel://u:p@a:26379/the-master/2",
            RedisAddress("sentinel", True, (("a", 26379),), "u", "p", "the-master", 2),
        ),
        ("redis+cluster://a:7000,[::1]:7001", RedisAddress("cluster", False, (("a", 7000), ("::1", 7001)))),
        ("rediss+cluster://:p@a/0", RedisAddress("cluster", True, (("a", 6379),), "", "p")),
    ],
)
def test_a_redis_url_is_read(url: str, address: RedisAddress) -> None:
    assert redis_address(url) == address
    assert is_redis(url)
    assert complaint_about_store_url(url) is None


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("redis://", "host:port"),
        ("redis://:pw@", "host:port"),
        ("redis://a,b", "several hosts"),
        ("redis://a:0", "port"),
        ("redis://a:65536", "port"),
        ("redis://a:port", "host:port"),
        ("redis://::1:6379", "host:port"),
        ("redis://a b", "host:port"),
        ("redis://a/db", "database"),
        ("redis://a/1/2", "database"),
        ("redis://a?ssl_cert_reqs=none", "host:port"),
        ("redis://a/0?ssl_cert_reqs=none", "database"),
        ("redis://a#x", "host:port"),
        ("redis://me@a", "without a password"),
        ("redis+sentinel://a", "MASTER"),
        ("redis+sentinel://a/", "MASTER"),
        ("redis+sentinel://a/m/x", "MASTER"),
        ("redis+sentinel://a,/m", "host:port"),
        ("redis+cluster://a/1", "one database"),
        ("REDIS://a", "sqlite:///"),
        ("redis:a", "sqlite:///"),
        ("sqlite://", "sqlite:///"),
        ("sqlite:///", "no file"),
        ("postgresql://", "no PostgreSQL server"),
        ("mysql://a", "postgresql://"),
        ("memory:x", "memory:"),
        ("", "memory:"),
    ],
)
def test_another_is_complained_about(url: str, word: str) -> None:
    complaint = complaint_about_store_url(url)
    assert complaint is not None
    assert word in complaint


@pytest.mark.parametrize(
    "url",
    [
        "memory:",
        "sqlite:///a.db",
        "sqlite:////var/a.db",
        "postgresql://u:p@h/db",
        "postgres://h/db",
        "postgresql:///db",
    ],
)
def test_other_engines_urls_are_known(url: str) -> None:
    assert complaint_about_store_url(url) is None
    assert not is_redis(url)


@pytest.mark.parametrize("scheme", ["redis", "rediss+sentinel", "redis+cluster", "postgresql", "sqlite", "nonsense"])
@given(before=st.text("/:@?#[],a ", max_size=6), after=st.text("/:@?#[],a ", max_size=6))
def test_a_complaint_repeats_nothing_of_the_url(scheme: str, before: str, after: str) -> None:
    """It is printed and logged, and a slip in the URL may make a password look like a host."""
    complaint = complaint_about_store_url(f"{scheme}://{before}{SECRET}{after}")
    assert complaint is None or SECRET not in complaint


def test_an_address_is_shown_without_its_password() -> None:
    address = redis_address(f"redis+cluster://me:{SECRET}@a:7000,[::1]:7001")
    assert address.shown == "a:7000,[::1]:7001"
    assert SECRET not in repr(address)


def test_a_url_that_is_no_redis_one_is_no_address() -> None:
    with pytest.raises(ValueError, match="redis://"):
        redis_address("memory:")
