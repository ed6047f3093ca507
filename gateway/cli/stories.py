"""Running a story for an operator: over the store that the settings name, beside gateways that serve."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import typer
from rich.markup import escape

from gateway.app import open_doors
from gateway.cli.settings import err, load, told
from gateway.config_check import Checked
from gateway.observe.log import set_up_log
from gateway.rules.store_urls import MEMORY
from gateway.web.keys import PublicDoors

T = TypeVar("T")
Story = Callable[[PublicDoors], Awaitable[T]]


def run_story(config: Path | None, story: Story[T]) -> T:
    """Run a story to its end and return what came of it.

    Raises:
        typer.Exit: with 1, after saying why: bad settings, or the story could not be carried out.
    """
    return run_over(load(config), story)


def run_over(checked: Checked, story: Story[T]) -> T:
    """Run a story over settings that were read already, and return what came of it.

    Raises:
        typer.Exit: with 1, after saying why the story could not be carried out.
    """
    set_up_log(level="error", form="console", stream=sys.stderr)
    leave_where_nothing_lasts(checked)
    with told():
        return asyncio.run(_over(checked, story))


async def _over(checked: Checked, story: Story[T]) -> T:
    async with open_doors(checked) as doors:
        return await story(doors)


def leave_where_nothing_lasts(checked: Checked) -> None:
    """Say that a store in memory cannot be looked into from another process, and whose doing it is.

    Raises:
        typer.Exit: with 1: the store is the gateway's own memory.
    """
    if checked.store_url != MEMORY:
        return
    cause = "In cookie shape the store is" if checked.settings.sessions.shape == "cookie" else "The store is"
    raise refused(f"{cause} memory:, which only the gateway's own process sees.")


def refused(why: str) -> typer.Exit:
    """Say why nothing was done, and return what ends the command with 1."""
    err.print(f"[red]{escape(why)}[/]", highlight=False, soft_wrap=True)
    return typer.Exit(1)


def confirm(what: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone.

    Args:
        what: one sentence on what would be done.
        yes: the operator has said so already.

    Raises:
        typer.Exit: with 1: nobody can be asked, or the answer was no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise refused(f"{what} Say --yes to do it: there is no terminal to ask at.")
    if not typer.confirm(f"{what} Go on?", err=True):
        raise refused("Nothing was done.")
