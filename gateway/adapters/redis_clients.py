"""Clients of redis-py for the three arrangements: one server, a master found by sentinels, a cluster.

Nothing is sent twice: a write whose answer was lost may have been carried out, and repeating it would answer wrongly.
A pooled connection that the server closed meanwhile is noticed before it is used.

RESP2 and no CLIENT SETINFO, so that a connection costs one round trip less and an ACL user needs no more rights than
the store's own commands.
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import ConnectionPool, Redis, RedisCluster, SSLConnection
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection, Connection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelManagedConnection
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError

from gateway.rules.store_urls import RedisAddress

_WANTS_NONE: Final = "without any password configured"
_SPARE: Final = 8  # connections above what is used at once: the listener's, and such as are being closed


@dataclass(frozen=True, slots=True)
class Clients:
    """What was made for one address.

    Attributes:
        client: takes the commands.
        sentinels: who is asked for the master, if anybody.
    """

    client: Redis | RedisCluster
    sentinels: Sentinel | None = None

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose()
        if isinstance(self.client, RedisCluster):  # its own closing skips this while the nodes have to be found anew
            await self.client.nodes_manager.aclose()
            await self.client.nodes_manager.aclose("startup_nodes")
        if self.sentinels is not None:
            await self.sentinels.aclose()


class TlsConnection(SSLConnection):
    """A connection with a TLS context that all share: making one reads every CA of the system from the disk."""

    def __init__(self, *, context: ssl.SSLContext, **arguments: Any) -> None:  # noqa: ANN401  redis-py's own, passed on
        super().__init__(**arguments)
        self.ssl_context.context = context


class TlsMasterConnection(SentinelManagedConnection, TlsConnection):
    """The same, to whichever server the sentinels name."""


class KeyFirst:
    """Tells a cluster client which slot a command belongs to.

    In all commands of the store the first argument is a key, and all keys of a command lie in one slot. redis-py would
    ask the server for its whole command table whenever nodes have to be found anew, and that takes 30 ms of CPU.
    """

    async def initialize(self, node: ClusterNode | None = None) -> None:
        """Ask nobody."""

    async def get_keys(self, *command: str | bytes) -> Sequence[str | bytes]:
        """Return a key of a command."""
        return command[1:2]


def make_clients(address: RedisAddress, context: ssl.SSLContext | None, *, timeout: float, at_once: int) -> Clients:
    """Make the clients for an address; nothing is connected yet.

    Args:
        address: where to.
        context: for TLS; None without.
        timeout: seconds to wait for a connection or an answer.
        at_once: how many connections are used at once.
    """
    arguments: dict[str, Any] = {
        "username": address.username or None,
        "password": address.password or None,
        # The link gives every command its time. A limit here would go through asyncio.wait_for, which in Python 3.11
        # may swallow that a call was cancelled (https://github.com/python/cpython/issues/86296).
        "socket_timeout": None,
        "socket_connect_timeout": timeout,
        "protocol": 2,
        "driver_info": None,
        "max_connections": at_once + _SPARE,
    }
    once = {"retry": Retry(NoBackoff(), 0)}
    if address.arrangement == "cluster":
        # One node may be mute; another has to be asked for the way before the caller's time is up.
        arguments |= {"socket_timeout": timeout / 2, "socket_connect_timeout": timeout / 2}
        return Clients(_cluster(address.hosts, context, {**arguments, **once}))
    arguments |= {**once, "db": address.database}
    if address.arrangement == "sentinel":
        return _by_sentinels(address, context, arguments, timeout)
    host, port = address.hosts[0]
    pool = ConnectionPool(_connection_class(context), host=host, port=port, **arguments, **_tls(context))
    return Clients(Redis.from_pool(pool))


def _cluster(
    hosts: Sequence[tuple[str, int]], context: ssl.SSLContext | None, arguments: dict[str, Any]
) -> RedisCluster:
    cluster = RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in hosts],
        dynamic_startup_nodes=False,  # nodes may all get new addresses; the configured names stay true
        reinitialize_steps=0,  # a moved slot is learnt from the answer; starting anew would cut off everybody's calls
        ssl=context is not None,
        **arguments,
    )
    cluster.commands_parser = KeyFirst()  # type: ignore[assignment]
    if context is not None:
        # RedisCluster takes no connection class. The dictionary is the one that later nodes are made from.
        cluster.connection_kwargs |= {"connection_class": TlsConnection, "context": context}
        for node in cluster.startup_nodes:
            node.connection_class = TlsConnection
            node.connection_kwargs["context"] = context
    return cluster


def _by_sentinels(
    address: RedisAddress, context: ssl.SSLContext | None, arguments: dict[str, Any], timeout: float
) -> Clients:
    # Mute sentinels must leave time for the next one and for the master.
    share = timeout / (len(address.hosts) + 1)
    asking = {name: value for name, value in arguments.items() if name != "db"}
    asking |= {"socket_timeout": share, "socket_connect_timeout": share, "redis_connect_func": _greet_sentinel}
    asking["retry"] = Retry(NoBackoff(), 1, supported_errors=(AuthenticationError,))
    sentinels = Sentinel([], **arguments)  # type: ignore[no-untyped-call]
    sentinels.sentinels = [
        Redis.from_pool(ConnectionPool(_connection_class(context), host=host, port=port, **asking, **_tls(context)))
        for host, port in address.hosts
    ]
    managed = SentinelManagedConnection if context is None else TlsMasterConnection
    return Clients(sentinels.master_for(address.master, connection_class=managed, **_tls(context)), sentinels)


def _connection_class(context: ssl.SSLContext | None) -> type[Connection]:
    return Connection if context is None else TlsConnection


def _tls(context: ssl.SSLContext | None) -> dict[str, Any]:
    return {} if context is None else {"context": context}


async def _greet_sentinel(connection: AbstractConnection) -> None:
    """Log in at a sentinel with the servers' password; where it wants none, the next attempt goes without."""
    try:
        await connection.on_connect()
    except AuthenticationError as error:
        if _WANTS_NONE in str(error):
            connection.username = connection.password = None
        raise
