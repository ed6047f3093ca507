"""Where the PostgreSQL server is, and the few options that are the gateway's own and not the server's.

asyncpg takes every other key of the URL's query: `sslmode` and its kin for itself, the rest as settings of the session.

Source: https://magicstack.github.io/asyncpg/current/api/index.html#connection
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus

from gateway.rules.errors import StoreUnavailable

_STATEMENT_CACHE: Final = 100  # asyncpg's own default
_ENCODE: Final = "the store's URL cannot be understood; a password's special characters have to be percent-encoded"


@dataclass(frozen=True, slots=True)
class Address:
    """A server, a user and a database.

    Attributes:
        url: as asyncpg takes it; holds the password, so it is never shown.
        pool_size: the most connections that one process keeps for calls.
        statement_cache_size: prepared statements that a connection keeps; 0 for none.
    """

    url: str = field(repr=False)
    pool_size: int
    statement_cache_size: int = _STATEMENT_CACHE


def read_address(url: str, *, pool_size: int) -> Address:
    """Take the gateway's own options out of a URL.

    Args:
        url: `postgresql://user:password@host:port/database?…`.
        pool_size: what holds where the URL names no `pool_size`.

    Raises:
        StoreUnavailable: a number is none, or a `@` or `#` stands where only a password can have put it. Read on, such
            a URL would take a part of the password for a host, and an error could name it.
    """
    before, _, query = url.partition("?")
    authority, _, path = before.partition("://")[2].partition("/")
    if "#" in url or "@" in path or authority.count("@") > 1 or ("@" in query and "@" not in authority):
        raise StoreUnavailable(_ENCODE)
    numbers = {"pool_size": pool_size, "statement_cache_size": _STATEMENT_CACHE}
    passed_on = []
    for pair in filter(None, query.split("&")):
        key, _, value = pair.partition("=")
        if unquote_plus(key) not in numbers:
            passed_on.append(pair)
        elif value.isascii() and value.isdigit() and (int(value) or key != "pool_size"):
            numbers[key] = int(value)
        else:
            raise StoreUnavailable(f"{key} in the store's URL has to be a whole number")
    if not any(pair.startswith("application_name=") for pair in passed_on):
        passed_on.append("application_name=cronofy-gateway")  # what pg_stat_activity shows of us
    return Address(f"{before}?{'&'.join(passed_on)}", **numbers)
