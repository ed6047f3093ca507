"""Company networks: a private certificate authority and an egress proxy on the way to Cronofy."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from tests.journeys.stub_upstream import StubUpstream, open_stub
from tests.journeys.world import ADDING, CALLBACK, World, open_world


@dataclass
class EgressProxy:
    """A proxy that speaks CONNECT and absolute-form; `asked` is what it was asked for."""

    url: str = ""
    refuses: bool = False
    asked: list[str] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            self.asked.append(f"{method} {target}")
            self.heads.append(head)
            if self.refuses:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 6\r\n\r\ncanary")
                await writer.drain()
                return
            parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
            onward_reader, onward = await asyncio.open_connection(parts.hostname, parts.port)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = target.partition(parts.netloc)[2]
                onward.write(head.replace(target.encode(), path.encode(), 1))
            await asyncio.gather(_pour(reader, onward), _pour(onward_reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # one of the two is gone, or the test is over
        finally:
            writer.close()


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(65_536):
            target.write(piece)
            await target.drain()
    finally:
        target.close()


@asynccontextmanager
async def open_proxy(*, refuses: bool = False) -> AsyncIterator[EgressProxy]:
    proxy = EgressProxy(refuses=refuses)
    talks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.ensure_future(proxy.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        for one in talks:
            one.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()


@dataclass(frozen=True)
class Authority:
    """A private certificate authority, its PEM file, and a server's context with a certificate of it."""

    file: Path
    server: ssl.SSLContext


def authority(folder: Path, name: str, *, host: str = "127.0.0.1") -> Authority:
    ca = trustme.CA(organization_name=name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(host).configure_cert(context)
    ca.cert_pem.write_to_path(folder / f"{name}.pem")
    return Authority(folder / f"{name}.pem", context)


async def statuses(world: World) -> set[tuple[int, str | None]]:
    """Make one call of each kind and return how they ended."""
    status, _, headers = await world.call("GET", "/v1/calendars", "some-token")
    fields = {"grant_type": "authorization_code", "code": "c", "redirect_uri": CALLBACK}
    token_status, _, token_headers = await world.token(ADDING, **fields)
    return {(status, headers.get("Gateway-Error")), (token_status, token_headers.get("Gateway-Error"))}


async def test_a_private_authority_is_trusted_when_it_is_named(tmp_path: Path) -> None:
    own = authority(tmp_path, "own")
    async with open_stub(tls=own.server) as stub:
        named = {"ca_file": own.file}
        async with open_world(tmp_path, cronofy_url=stub.url, upstream=named) as world:
            assert await statuses(world) == {(200, None)}


@pytest.mark.parametrize("trusted", ["nobody", "another", "own, for another host"])
async def test_a_wrong_certificate_is_a_502_and_nothing_is_sent(tmp_path: Path, trusted: str) -> None:
    """CVE-2026-31923: a peer did not verify by default."""
    for_another = trusted == "own, for another host"
    own = authority(tmp_path, "own", host="api.cronofy.com" if for_another else "127.0.0.1")
    named = {"another": authority(tmp_path, "another").file, "nobody": None}.get(trusted, own.file)
    async with (
        open_stub(tls=own.server) as stub,
        open_world(tmp_path, cronofy_url=stub.url, upstream={"ca_file": named}) as world,
    ):
        assert await statuses(world) == {(502, "upstream_unreachable")}
        assert stub.calls == []


async def test_plain_calls_go_through_the_egress_proxy(tmp_path: Path, stub: StubUpstream) -> None:
    async with (
        open_proxy() as proxy,
        open_world(tmp_path, cronofy_url=stub.url, upstream={"egress_proxy": proxy.url}) as world,
    ):
        assert await statuses(world) == {(200, None)}
    assert set(proxy.asked) == {
        f"GET {stub.url}/v1/calendars",
        f"GET {stub.url}/v1/userinfo",
        f"POST {stub.url}/oauth/token",
    }


async def test_tls_goes_through_the_egress_proxy_in_a_tunnel(tmp_path: Path) -> None:
    """The proxy sees where a call goes, and nothing of it."""
    own = authority(tmp_path, "own")
    async with open_stub(tls=own.server) as stub, open_proxy() as proxy:
        settings = {"ca_file": own.file, "egress_proxy": proxy.url}
        async with open_world(tmp_path, cronofy_url=stub.url, upstream=settings) as world:
            assert await statuses(world) == {(200, None)}
        assert set(proxy.asked) == {f"CONNECT {stub.url.removeprefix('https://')}"}
        assert b"some-token" not in b"".join(proxy.heads)
        assert b"uthorization" not in b"".join(proxy.heads)


async def test_a_proxy_that_refuses_is_a_502_in_our_words(tmp_path: Path) -> None:
    own = authority(tmp_path, "own")
    async with open_stub(tls=own.server) as stub, open_proxy(refuses=True) as proxy:
        settings = {"ca_file": own.file, "egress_proxy": proxy.url}
        async with open_world(tmp_path, cronofy_url=stub.url, upstream=settings) as world:
            status, body, headers = await world.call("GET", "/v1/calendars", "some-token")
            assert (status, headers["Gateway-Error"]) == (502, "upstream_unreachable")
            assert b"canary" not in body
        assert stub.calls == []


async def test_a_proxy_that_is_away_is_a_502(tmp_path: Path, stub: StubUpstream) -> None:
    """No call goes round it."""
    nowhere = {"egress_proxy": "http://127.0.0.1:9"}
    async with open_world(tmp_path, cronofy_url=stub.url, upstream=nowhere) as world:
        assert await statuses(world) == {(502, "upstream_unreachable")}
    assert stub.calls == []


async def test_proxy_variables_of_the_machine_do_not_count(
    tmp_path: Path, stub: StubUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where calls go is a setting, not an accident of the environment."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with open_world(tmp_path, cronofy_url=stub.url) as world:
        assert await statuses(world) == {(200, None)}
    assert len(stub.calls) >= 2
