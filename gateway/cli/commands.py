"""`cronofy-gateway serve | check-config | doctor | explain | emulator | demo`."""

import asyncio
import contextlib
import os
import signal
import sys
import webbrowser
from collections.abc import Coroutine
from typing import Annotated, Any

import structlog
import typer
import uvloop
from aiohttp import web
from rich.markup import escape

from gateway import VERSION
from gateway.adapters.key_ring import KeyRingInvalid
from gateway.advice import advice
from gateway.app import SettingsSource, explain_for_operator, run_gateway
from gateway.cli.accounts import accounts
from gateway.cli.clients import clients
from gateway.cli.connections import connections
from gateway.cli.keys import keys
from gateway.cli.sessions import sessions
from gateway.cli.settings import ConfigFile, err, load, out, print_complaints, read
from gateway.cli.store import store
from gateway.config_check import Checked
from gateway.demo.run import DemoPorts, run_demo
from gateway.emulator.app import EmulatorSettings, make_app, runner
from gateway.flows.explain import Question
from gateway.observe import events
from gateway.observe.log import set_up_log
from gateway.rules.errors import GatewayError, StoreUnavailable
from gateway.rules.json_text import parse_json
from gateway.workers.arbiter import run_workers

app = typer.Typer(
    help="An async OAuth gateway between client apps and Cronofy.", no_args_is_help=True, add_completion=False
)
app.add_typer(keys, name="keys")
app.add_typer(connections, name="connections")
app.add_typer(store, name="store")
app.add_typer(sessions, name="sessions")
app.add_typer(accounts, name="accounts")
app.add_typer(clients, name="clients")

_log = structlog.get_logger()

Port = Annotated[int, typer.Option(min=0, max=65535)]


def main() -> None:
    """Run the command line."""
    app()


@app.callback(invoke_without_command=True)
def _version(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False
) -> None:
    if version:
        out.print(VERSION)
        raise typer.Exit


@app.command()
def serve(
    config: ConfigFile = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that answer; over the setting `workers`.")
    ] = None,
) -> None:
    """Run the gateway until SIGTERM or SIGINT, then drain."""
    if workers is not None:
        os.environ["GATEWAY__WORKERS"] = str(workers)  # wins over the file, at a reload too
    checked, source = load(config), SettingsSource(lambda: read(config), config)
    section, several = checked.settings.log, checked.settings.workers > 1
    set_up_log(level=section.level, form=section.format, with_pid=several)
    try:
        if several:
            run_workers(checked, source)
        else:
            uvloop.run(_serve(checked, source))
    except (StoreUnavailable, KeyRingInvalid, OSError) as error:
        detail = error.detail if isinstance(error, StoreUnavailable) else str(error)
        err.print(f"[red]The gateway cannot start:[/] {escape(detail)}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


async def _serve(checked: Checked, source: SettingsSource) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, source.asked.set)
    async with run_gateway(checked, source=source) as running:
        await _until_signal()
        running.readiness.draining = True
        _log.info(events.GATEWAY_DRAINING, seconds=checked.settings.drain_timeout)
        # From here on a second signal ends the process at once.
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
            signal.signal(name, signal.SIG_DFL)


async def _until_signal() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()


@app.command("check-config")
def check_config(config: ConfigFile = None) -> None:
    """Say all that is wrong with the settings; exit 0 when they can be used, else 1."""
    checked = load(config)
    print_complaints(config, list(checked.warnings))
    out.print(f"[green]The settings can be used.[/] {len(checked.settings.clients)} client(s).", highlight=False)


@app.command()
def doctor(config: ConfigFile = None) -> None:
    """Say what has to be done elsewhere: what to register and to switch on at Cronofy."""
    checked = load(config)
    print_complaints(config, list(checked.warnings))
    for line in advice(checked.settings):
        out.print(f"- {escape(line)}", highlight=False, soft_wrap=True)


@app.command()
def explain(
    method: str,
    path: str,
    client: Annotated[str, typer.Option(help="The client whose call it would be.")],
    account: Annotated[str, typer.Option(help="The account's sub, acc_….")],
    body: Annotated[str, typer.Option(help="The call's JSON body.")] = "",
    config: ConfigFile = None,
) -> None:
    """Say what a call would come to: operation, scope, access mode, verdict, what to do. Nothing is sent."""
    checked = load(config)
    set_up_log(level="error", form="console", stream=sys.stderr)
    try:
        question = Question(method.upper(), path, parse_json(body.encode()) if body else None, "")
        answer = asyncio.run(explain_for_operator(checked, client, account, question))
    except GatewayError as error:
        err.print(f"[red]{escape(error.code)}[/] {escape(error.public)} {escape(error.detail)}", highlight=False)
        raise typer.Exit(1) from None
    out.print_json(data=answer)


@app.command()
def emulator(host: str = "127.0.0.1", port: Port = 8090) -> None:
    """Run the emulator: a small Cronofy for development and tests, with nothing behind it."""
    asyncio.run(_emulate(host, port))


async def _emulate(host: str, port: int) -> None:
    settings = EmulatorSettings()
    running = runner(make_app(settings))
    await running.setup()
    try:
        await web.TCPSite(running, host, port).start()
        out.print(f"The emulator answers on http://{host}:{running.addresses[0][1]} (Ctrl-C ends it).", highlight=False)
        known = f"client_id {settings.client_id}, client_secret {settings.client_secrets[0]}"
        out.print(f"Its application: {known}", highlight=False, soft_wrap=True)
        await _until_signal()
    finally:
        await running.cleanup()


@app.command()
def demo(
    gateway_port: Port = 8080,
    emulator_port: Port = 8090,
    operations_port: Port = 9080,
    app_port: Port = 8070,
    *,
    browser: Annotated[bool, typer.Option(help="Open the demo app in a browser, where there is one.")] = True,
    once: Annotated[bool, typer.Option("--once", help="Run the tour and exit with its verdict.")] = False,
) -> None:
    """Run gateway and emulator here, show a tour, then stay up."""
    set_up_log(level="error", form="console", stream=sys.stderr)
    ports = DemoPorts(gateway=gateway_port, emulator=emulator_port, operations=operations_port, app=app_port)
    try:
        passed = _run(run_demo(ports, out, until=None if once else _until_signal, show=_open if browser else _leave))
    except OSError as error:
        text = f"{escape(str(error))}. Choose other ports, see --help."
        err.print(f"[red]The demo cannot start:[/] {text}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if passed else 1)


def _open(url: str) -> None:
    """Open a browser where a desktop is; elsewhere `webbrowser` would start a text browser in this terminal."""
    if sys.stdout.isatty() and (sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()):
        webbrowser.open(url)


def _leave(_url: str) -> None:
    """Open nothing."""


def _run(story: Coroutine[Any, Any, bool]) -> bool:
    with contextlib.suppress(KeyboardInterrupt):
        return uvloop.run(story)
    return True
