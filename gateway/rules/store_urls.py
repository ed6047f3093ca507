"""Where the record store is: what a store URL may look like, and what the Redis ones say.

A string in; an address, or a complaint that repeats nothing of the URL, because a password may be in it.

Source: https://www.iana.org/assignments/uri-schemes/prov/redis and .../rediss for the single server; the forms with
`+sentinel` and `+cluster` name several.
"""

import re
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote

Arrangement = Literal["single", "sentinel", "cluster"]

SQLITE: Final = "sqlite:///"
MEMORY: Final = "memory:"
POSTGRESQL: Final = ("postgresql://", "postgres://")
REDIS: Final[dict[str, tuple[Arrangement, bool]]] = {
    "redis": ("single", False),
    "rediss": ("single", True),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
_PORT: Final[dict[Arrangement, int]] = {"single": 6379, "sentinel": 26379, "cluster": 6379}
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?")
_PATH: Final[dict[Arrangement, re.Pattern[str]]] = {
    "single": re.compile(r"()/?([0-9]{1,5})?"),
    "sentinel": re.compile(r"/([A-Za-z0-9._-]+)(?:/([0-9]{1,5}))?"),  # Sentinel takes no other characters in a name
    "cluster": re.compile(r"()/?(0)?"),
}
_PATH_WANTED: Final[dict[Arrangement, str]] = {
    "single": "may end in /NUMBER, the database, and in nothing else",
    "sentinel": "must end in /MASTER, the name that the sentinels watch, and may go on with /NUMBER, the database",
    "cluster": "must end after its hosts: a cluster has one database",
}
_MAX_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """What a Redis URL says.

    Attributes:
        arrangement: one server, a master found by sentinels, or a cluster.
        tls: encrypted and verified, to sentinels too.
        hosts: the server, the sentinels, or some of the cluster's nodes.
        username: an ACL user; empty for the default one.
        password: empty for none.
        master: the name that the sentinels know; empty elsewhere.
        database: 0 in a cluster.
    """

    arrangement: Arrangement
    tls: bool
    hosts: tuple[tuple[str, int], ...]
    username: str = ""
    password: str = field(default="", repr=False)
    master: str = ""
    database: int = 0

    @property
    def shown(self) -> str:
        """The hosts, for logs."""
        return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)


def is_redis(url: str) -> bool:
    """Say whether a store URL names Redis."""
    return url.partition("://")[0] in REDIS


def is_postgres(url: str) -> bool:
    """Say whether a store URL names PostgreSQL."""
    return url.startswith(POSTGRESQL)


def redis_address(url: str) -> RedisAddress:
    """Read a Redis URL.

    Raises:
        ValueError: it is none; the sentence holds nothing of it.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in REDIS:
        raise ValueError(
            "must start with redis:// or rediss://, with +sentinel or +cluster before the colon or without"
        )
    arrangement, tls = REDIS[scheme]
    credentials, _, place = rest.rpartition("@")
    username, _, password = credentials.partition(":")
    if username and not password:
        raise ValueError("names a user without a password: write user:password@, both percent-encoded")
    listed, slash, path = place.partition("/")
    end = _PATH[arrangement].fullmatch(slash + path)
    if end is None:
        raise ValueError(_PATH_WANTED[arrangement])
    hosts = tuple(_host(one, _PORT[arrangement]) for one in listed.split(","))
    if arrangement == "single" and len(hosts) > 1:
        raise ValueError("names several hosts; that is for redis+sentinel:// and redis+cluster://")
    return RedisAddress(
        arrangement, tls, hosts, unquote(username), unquote(password), end.group(1), int(end.group(2) or 0)
    )


def complaint_about_store_url(url: str) -> str | None:
    """Say what is wrong with the URL of a record store, or None; what is said repeats nothing of the URL."""
    if is_redis(url):
        try:
            redis_address(url)
        except ValueError as error:
            return str(error)
        return None
    if is_postgres(url):
        return None if url.partition("://")[2] else "names no PostgreSQL server after the slashes"
    if url.startswith(SQLITE):
        return None if url != SQLITE else "names no file after sqlite:///"
    if url == MEMORY:
        return None
    return "must be sqlite:///FILE, memory:, redis:// or rediss:// (also +sentinel, +cluster) or postgresql://"


def _host(text: str, default_port: int) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError(
            "must name its hosts as host:port, with commas between several and IPv6 addresses in brackets; "
            "what is special in a user or password is percent-encoded"
        )
    port = int(found.group(3) or default_port)
    if not 0 < port <= _MAX_PORT:
        raise ValueError(f"has a port that is not between 1 and {_MAX_PORT}")
    return found.group(1) or found.group(2), port
