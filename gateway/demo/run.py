"""Starting the demo: emulator and gateway in one process, then the tour, then the signposts."""

import socket
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from rich.console import Console
from rich.markup import escape

from gateway.app import run_gateway
from gateway.config_check import check_settings
from gateway.demo.app_server import WEB_CLIENT, make_demo_app
from gateway.demo.settings import BROKER_CLIENT, FREE_BUSY_CLIENT, SDK_CLIENT, STRICT_CLIENT, demo_settings, secret_of
from gateway.demo.tour import Tour
from gateway.emulator.app import EmulatorSettings, make_app, runner


@dataclass(frozen=True, slots=True)
class DemoPorts:
    """The demo's ports, all on loopback; 0 takes a free one."""

    gateway: int
    emulator: int
    operations: int
    app: int


async def run_demo(
    ports: DemoPorts,
    out: Console,
    *,
    until: Callable[[], Awaitable[None]] | None,
    show: Callable[[str], None] = lambda _: None,
) -> bool:
    """Run the demo and say whether the tour passed.

    Args:
        ports: where to listen.
        out: what the tour is shown on.
        until: what to wait for after the tour; None ends at once.
        show: opens the demo app's URL for the person, once it is up.

    Raises:
        OSError: a port is taken.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cronofy-gateway-demo-")))
        emulated = EmulatorSettings()
        emulator = runner(make_app(emulated))
        await emulator.setup()
        stack.push_async_callback(emulator.cleanup)
        await web.TCPSite(emulator, "localhost", ports.emulator).start()
        emulator_url = f"http://localhost:{emulator.addresses[0][1]}"
        public_port = ports.gateway or _free_port()
        public_url = f"http://127.0.0.1:{public_port}"
        demo_app = web.AppRunner(make_demo_app(public_url), access_log=None)
        await demo_app.setup()
        stack.push_async_callback(demo_app.cleanup)
        await web.TCPSite(demo_app, "127.0.0.1", ports.app).start()
        app_url = f"http://127.0.0.1:{demo_app.addresses[0][1]}"
        values = demo_settings(
            folder=folder,
            public_url=public_url,
            gateway_port=public_port,
            operations_port=ports.operations,
            emulator_url=emulator_url,
            app_url=app_url,
            client_id=emulated.client_id,
            secret=emulated.client_secrets[0],
        )
        running = await stack.enter_async_context(run_gateway(check_settings(values)))
        passed = await _show_tour(out, public_url, emulator_url)
        if until is not None:
            _show_signposts(out, app_url, public_url, emulator_url, running.operations_port)
            show(app_url)
            await until()
            out.print("\nStopped; its keys and records are gone.")
        return passed


def _free_port() -> int:
    """Return a free loopback port: the gateway has to know its public URL before it binds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _show_tour(out: Console, public_url: str, emulator_url: str) -> bool:
    out.print("\n[bold]Cronofy Gateway[/], a tour against the emulator\n")
    passed = True
    # Without cookies each person has a browser of their own, so that Cronofy does not link their calendars.
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=20), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        async for step in Tour(session, public_url, emulator_url).steps():
            passed = passed and step.passed
            mark = "[green]✓[/]" if step.passed else "[red]✗[/]"
            out.print(f" {mark} {escape(step.title)}\n   [dim]{escape(step.outcome)}[/]", highlight=False)
        async with session.post(f"{emulator_url}/_emulator/reset") as reply:
            reply.raise_for_status()
    out.print("\n[green]All of it works.[/]" if passed else "\n[red]The tour did not pass.[/]")
    return passed


def _show_signposts(out: Console, app_url: str, public_url: str, emulator_url: str, operations_port: int) -> None:
    out.print(
        f"""
[bold]It stays up.[/] Ctrl-C ends it.

  [bold]demo app    {app_url}[/]   (connect a calendar; its client is {WEB_CLIENT} / {secret_of(WEB_CLIENT)})
  gateway     {public_url}
  emulator    {emulator_url}   (its consent page; PUT {emulator_url}/_emulator/autoconsent answers for the person)
  operations  http://127.0.0.1:{operations_port}/readyz   /healthz   /metrics

Point an SDK at it: client [bold]{SDK_CLIENT}[/] / {secret_of(SDK_CLIENT)} (adds the missing scope)
                 or [bold]{STRICT_CLIENT}[/] / {secret_of(STRICT_CLIENT)} (refuses instead)
                 or [bold]{FREE_BUSY_CLIENT}[/] / {secret_of(FREE_BUSY_CLIENT)} (takes free_busy only)
                 or [bold]{BROKER_CLIENT}[/] / {secret_of(BROKER_CLIENT)} (gets handles, never a token; service door);
                 any loopback redirect URI

  Python   client = pycronofy.Client(client_id="{SDK_CLIENT}", client_secret="{secret_of(SDK_CLIENT)}")
           client.request_handler.base_url = client.app_base_url = "{public_url}"
  Node     const client = new Cronofy({{client_id: "{SDK_CLIENT}", client_secret: "{secret_of(SDK_CLIENT)}"}})
           client.urls.api = "{public_url}"
  Ruby     CRONOFY_API_URL={public_url} CRONOFY_APP_URL={public_url}
""",
        highlight=False,
        soft_wrap=True,
    )
