"""What every command needs: the settings, and where to print."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from gateway.adapters.key_ring import KeyRingInvalid, parse_key_ring
from gateway.config_check import Checked, Complaint, SettingsInvalid, check_settings, load_settings
from gateway.rules.errors import GatewayError, StoreUnavailable

out = Console()
err = Console(stderr=True)

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="The settings file; without one, GATEWAY__… variables alone.")
]


def load(config: Path | None) -> Checked:
    """Read the settings, or print every complaint and leave with 1.

    Raises:
        typer.Exit: they cannot be used.
    """
    try:
        return read(config)
    except SettingsInvalid as invalid:
        print_complaints(config, invalid.complaints)
        if config is None:
            err.print(
                "No settings file was named; name one with --config gateway.toml.", highlight=False, soft_wrap=True
            )
        raise typer.Exit(1) from None
    except KeyRingInvalid as invalid:
        print_complaints(config, [Complaint("keys.ring", str(invalid), "see: cronofy-gateway keys generate")])
        raise typer.Exit(1) from None


def read(config: Path | None) -> Checked:
    """Read the settings.

    Raises:
        SettingsInvalid: with every complaint.
        KeyRingInvalid: the keys cannot be used.
    """
    checked = load_settings(config) if config else check_settings({})
    parse_key_ring(checked.key_ring)
    return checked


def print_complaints(config: Path | None, complaints: list[Complaint]) -> None:
    """Print what is wrong with the settings, each with its place and how to mend it."""
    for one in complaints:
        colour, kind = ("red", "error") if one.fatal else ("yellow", "warning")
        where = f"{config or 'variables'}:{one.line}: " if one.line else ""
        text = f"{escape(where)}[bold]{escape(one.place)}[/] {escape(one.problem)} [dim]({escape(one.hint)})[/]"
        err.print(f"[{colour}]{kind}[/] {text}", highlight=False, soft_wrap=True)


@contextmanager
def told() -> Iterator[None]:
    """Say in a sentence what went wrong with a command, and leave with 1.

    Raises:
        typer.Exit: something did.
    """
    try:
        yield
    except StoreUnavailable as error:  # its public sentence is for callers of a gateway that serves
        text = f"The record store cannot be used: {error.detail}"
        err.print(f"[red]{escape(error.code)}[/] {escape(text)}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except GatewayError as error:
        where = f" ({error.detail})" if error.detail else ""
        err.print(f"[red]{escape(error.code)}[/] {escape(error.public + where)}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except OSError as error:
        err.print(f"[red]It cannot be done:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
