"""`cronofy-gateway connections import | export`: moving people in and out."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Final, NoReturn

import msgspec
import typer
from rich.markup import escape

from gateway.app.operator import exports_over, imports_over, open_doors
from gateway.cli.import_file import read_lines
from gateway.cli.import_progress import ImportProgress, print_failures, summary
from gateway.cli.interrupts import stopping
from gateway.cli.private_files import FileUnusable, fresh_file, new_file
from gateway.cli.settings import ConfigFile, err, load, out, told
from gateway.cli.stories import leave_where_nothing_lasts, run_over
from gateway.config_check import Checked
from gateway.flows.import_runs import ImportRun
from gateway.observe.log import set_up_log
from gateway.rules.import_outcomes import Result
from gateway.rules.pace import HIGHEST_RATE, USUAL_RATE
from gateway.web.keys import PublicDoors

connections = typer.Typer(help="Stored connections: moving people in and out.", no_args_is_help=True)

_FAILED: Final = 1
_UNUSABLE: Final = 2

_ClientId = Annotated[str, typer.Option("--client", help="The client whose connections they are.")]


@dataclass(frozen=True, slots=True)
class _Order:
    """How an import is to be run; see the command's options."""

    client: str
    again: bool
    rate: float
    parallel: int


@connections.command("import")
def import_(
    file: Annotated[str, typer.Argument(help="JSON lines with a refresh_token each; - for standard input.")],
    client: _ClientId,
    config: ConfigFile = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="Prove and store anew also what is there already.")] = False,
    rate: Annotated[
        float,
        typer.Option(
            min=0.1,
            max=HIGHEST_RATE,
            help="Calls to Cronofy a second; a line takes two. Cronofy allows 50 a second and 500 a minute.",
        ),
    ] = USUAL_RATE,
    parallel: Annotated[int, typer.Option(min=1, max=32, help="Lines at a time.")] = 4,
    report: Annotated[Path | None, typer.Option(help="Write what came of each line here, without tokens.")] = None,
) -> None:
    """Bring an app's people in: each line is proved by one refresh, then stored and bound to the client.

    Exits with 0 when nothing failed, 2 when the file cannot be used, else 1. Running it again skips what is there.
    """
    checked = _load_lasting(config, client)
    with told(), _files_told():
        lines = read_lines(file)
        with fresh_file(report, beside=file) if report else nullcontext() as reported:
            succeeded = asyncio.run(_import(checked, _Order(client, again, rate, parallel), lines, reported))
    raise typer.Exit(0 if succeeded else _FAILED)


async def _import(checked: Checked, order: _Order, lines: list[tuple[int, bytes]], report: IO[bytes] | None) -> bool:
    """Run an import; say whether nothing failed and nothing is left."""
    stop = asyncio.Event()
    async with open_doors(checked) as doors:
        client = doors.registry.client(order.client)
        async with ImportProgress(len(lines), err) as progress:
            story = imports_over(doors, rate=order.rate, stop=stop)
            run = ImportRun(story, client, _telling(progress, report), again=order.again)
            with stopping(stop, _announce_stop):
                left = await run.over(iter(lines), parallel=order.parallel)
    print_failures(err, progress)
    out.print(summary(progress.tally))
    if left:
        began = "Gave up" if run.is_hopeless else "Stopped"
        text = f"{began}: {left} lines were not begun. Run the same command again to go on; what is there is skipped."
        out.print(text, highlight=False, soft_wrap=True)
    return progress.tally.is_clean and not left


def _telling(progress: ImportProgress, report: IO[bytes] | None) -> Callable[[Result], None]:
    """Return what takes a result in, and writes it down at once: an import that is ended has a report as well."""

    def take(result: Result) -> None:
        progress.add(result)
        if report is None or report.closed:
            return
        try:
            report.write(msgspec.json.encode(result.described()) + b"\n")
            report.flush()
        except OSError as error:  # a full disk stops the report, not the import
            err.print(f"[red]error[/] the report cannot be written: {escape(str(error.strerror))}", highlight=False)
            with suppress(OSError):
                report.close()

    return take


def _announce_stop() -> None:
    err.show_cursor()
    err.print("The lines under way are finished; the next Ctrl-C ends at once.", highlight=False)


@connections.command("export")
def export(
    client: _ClientId,
    config: ConfigFile = None,
    *,
    account: Annotated[str, typer.Option(help="Only this account's, acc_….")] = "",
    to: Annotated[Path | None, typer.Option("--out", help="The file; made for its owner alone.")] = None,
    with_tokens: Annotated[
        bool, typer.Option("--with-tokens", help="With both tokens, in the clear, as an import takes them.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file; write tokens to a terminal.")] = False,
) -> None:
    """Write a client's stored connections as JSON lines.

    Exits with 0 when every one was written, 2 when the file cannot be used, else 1.
    """
    checked = _load_lasting(config, client)
    if with_tokens and to is None and out.is_terminal and not force:
        _leave("tokens would stand on this terminal; name a file with --out, or insist with --force", _UNUSABLE)
    with told(), _files_told(), new_file(to, force=force) if to else nullcontext(sys.stdout.buffer) as file:
        written, closed = asyncio.run(_export(checked, client, account, file, with_tokens=with_tokens))
    err.print(f"{written} connection(s) exported.", highlight=False)
    if closed:
        _leave(f"{closed} connection(s) could not be opened: sealed with a key that is not in the key ring")


async def _export(
    checked: Checked, client: str, account: str, file: IO[bytes], *, with_tokens: bool
) -> tuple[int, int]:
    """Write an export; return how many connections were written, and how many could not be opened."""
    written = closed = 0
    async with open_doors(checked) as doors:
        whose = doors.registry.client(client)
        async for one in exports_over(doors).walk(whose, account=account, with_tokens=with_tokens):
            if one is None:
                closed += 1
            else:
                file.write(msgspec.json.encode(one) + b"\n")
                written += 1
    file.flush()
    return written, closed


def _load_lasting(config: Path | None, client: str) -> Checked:
    """Read the settings and quieten the log; leave without the client, or where the store would forget everything."""
    checked = load(config)
    set_up_log(level="error", form="console", stream=sys.stderr)
    leave_where_nothing_lasts(checked)
    if client not in checked.settings.clients:  # else the store may have it, disabled or not
        known = run_over(checked, _clients_known)
        if client not in known:
            _leave(f"client {client} is neither in the settings nor in the store; there are: {', '.join(known)}")
    return checked


async def _clients_known(doors: PublicDoors) -> list[str]:
    registry = doors.registry
    return [one.id for application in registry.applications for one in registry.clients_of(application)]


@contextmanager
def _files_told() -> Iterator[None]:
    """Say what is wrong with a file, and leave with the code that only this has."""
    try:
        yield
    except FileUnusable as unusable:
        _leave(str(unusable), _UNUSABLE)


def _leave(sentence: str, code: int = _FAILED) -> NoReturn:
    err.print(f"[red]error[/] {escape(sentence)}", highlight=False, soft_wrap=True)
    raise typer.Exit(code)
