"""The way to Redis: every command has its time, nothing is sent twice, and every error is StoreUnavailable."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.client import PubSub
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.sentinel import MasterNotFoundError
from redis.exceptions import AuthenticationError, NoScriptError, RedisClusterException, RedisError, ResponseError

from gateway.adapters.redis_clients import Clients, make_clients
from gateway.adapters.redis_scripts import Script
from gateway.rules.errors import StoreUnavailable, StoreUnusable
from gateway.rules.store_urls import RedisAddress

Argument = bytes | str | int | float
Answer = Any  # a command's own type
_AT_ONCE: Final = 64  # connections; further calls wait for a turn
_LONGEST_DETAIL: Final = 300
_UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
_SENTINELS_ERROR: Final = re.compile(r" - \w+:(\w+)")
_FAILURES: Final = (RedisError, RedisClusterException, OSError)
# redis-py's cluster client closes connections and forgets nodes under other calls while it looks the cluster up again.
_UNDER_THE_CALL: Final = (AttributeError, LookupError)


class RefusedByRedis(StoreUnavailable):
    """The server answered, and what it answered is an error."""


class RedisLink:
    """Commands to one server, a master or a cluster.

    Args:
        clients: what carries them.
        address: where to; named in errors without user and password.
        timeout: seconds that a command may take, waiting for a connection included.
    """

    def __init__(self, clients: Clients, address: RedisAddress, timeout: float) -> None:
        self._clients = clients
        self._client = clients.client
        self._address = address
        self._timeout = timeout
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._closed = False

    @classmethod
    async def open(cls, address: RedisAddress, *, ca_file: str, timeout: float) -> "RedisLink":  # noqa: ASYNC109  each later command's
        """Get ready to connect; the first command does.

        Raises:
            StoreUnusable: the CA file cannot be read.
        """
        try:
            context = await asyncio.to_thread(_tls_context, ca_file) if address.tls else None
        except OSError as error:
            raise StoreUnusable(f"the store's CA file cannot be used: {error}") from None
        return cls(make_clients(address, context, timeout=timeout, at_once=_AT_ONCE), address, timeout)

    @property
    def is_cluster(self) -> bool:
        """Whether keys lie on several servers."""
        return isinstance(self._client, RedisCluster)

    async def call(self, *command: Argument) -> Answer:
        """Send a command and return its answer.

        Raises:
            StoreUnavailable: it could not be sent, was refused or not answered in time.
            StoreUnusable: the password or the server's certificate is wrong.
        """
        try:
            return await self._send(*command)
        except _FAILURES as error:
            raise await self._unavailable(error) from None

    async def run(self, script: Script, keys: Sequence[bytes], *arguments: Argument) -> Answer:
        """Run a script over keys of one shard and return its answer.

        Raises:
            StoreUnavailable: as `call`.
        """
        try:
            try:
                return await self._send("EVALSHA", script.sha, len(keys), *keys, *arguments)
            except NoScriptError:  # a fresh server: nothing was run
                return await self._send("EVAL", script.source, len(keys), *keys, *arguments)
        except _FAILURES as error:
            raise await self._unavailable(error) from None

    async def call_each(self, *command: Argument) -> list[Any]:
        """Send a command to every server that takes writes and return the answers.

        Raises:
            StoreUnavailable: as `call`.
        """
        if not isinstance(self._client, RedisCluster):
            return [await self.call(*command)]
        try:
            nodes = self._client.get_primaries()
            return [await self._send(*command, target_nodes=[node]) for node in nodes]
        except _FAILURES as error:
            raise await self._unavailable(error) from None

    @asynccontextmanager
    async def subscribed(self, channel: bytes) -> AsyncIterator[PubSub]:
        """Hear a channel for as long as the block runs; in a cluster any node tells what was published at another.

        Raises:
            StoreUnavailable: as `call`, when the connection breaks too.
        """
        ears: PubSub | None = None
        try:
            if isinstance(self._client, RedisCluster):
                async with asyncio.timeout(self._timeout):
                    await self._client.initialize()
                ears = self._client.pubsub(node=self._client.get_random_primary_node())
            else:
                ears = self._client.pubsub()
            async with asyncio.timeout(self._timeout):
                await ears.subscribe(channel)
            yield ears
        except (*_FAILURES, *_UNDER_THE_CALL) as error:
            raise await self._unavailable(error) from None
        finally:
            if ears is not None:
                await ears.aclose()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Close all connections; every later call is refused."""
        self._closed = True
        with suppress(*_FAILURES):
            await self._clients.close()

    async def _send(self, *command: Argument, target_nodes: Sequence[ClusterNode] = ()) -> Answer:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        async with asyncio.timeout(self._timeout), self._turns:
            options = {"target_nodes": list(target_nodes)} if target_nodes else {}
            try:
                return await self._client.execute_command(*command, **options)
            except _UNDER_THE_CALL:
                raise RedisError("closed while the cluster was looked up again") from None

    async def _unavailable(self, error: Exception) -> StoreUnavailable:
        said = _said(error)
        if "READONLY" in said and isinstance(self._client, Redis):
            # The server was made a replica. Its name may lead to the new master by now, for a new connection.
            with suppress(*_FAILURES):
                await self._client.connection_pool.disconnect(inuse_connections=False)
        if self._address.password:
            said = said.replace(self._address.password, "***")
        detail = f"Redis at {self._address.shown}: {said[:_LONGEST_DETAIL]}"
        if isinstance(error, ResponseError):
            return RefusedByRedis(detail)
        if isinstance(error.__cause__ or error, AuthenticationError) or _UNTRUSTED in said:
            return StoreUnusable(detail)
        return StoreUnavailable(detail)


def _said(error: Exception) -> str:
    kind = type(error).__name__
    if type(error) is TimeoutError:
        return "no answer in time"
    if isinstance(error, MasterNotFoundError):  # its text describes every sentinel's client, then its error
        reasons = ", ".join(_SENTINELS_ERROR.findall(str(error)))
        return f"{kind}: no sentinel names a working master of that name{reasons and ' (' + reasons + ')'}"
    # An unknown command is answered with the beginnings of its arguments.
    text = str(error).partition(", with args")[0]
    code = getattr(error, "status_code", None) or ""
    return f"{kind}: {code} {text}".replace(":  ", ": ").rstrip(": ")


def _tls_context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
