"""`cronofy-gateway store migrate | reseal`: the record store's tables, and its records under the newest key."""

import asyncio
from typing import Final

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.app.operator import migrate_store, open_for_operator
from gateway.cli.settings import ConfigFile, err, load, out, told
from gateway.cli.stories import leave_where_nothing_lasts
from gateway.config_check import Checked
from gateway.flows.leases import held
from gateway.flows.resealing import RESEAL, Resealed, Resealing

store = typer.Typer(help="The record store.", no_args_is_help=True)

_LEASE: Final = 30.0


@store.command("migrate")
def migrate(config: ConfigFile = None) -> None:
    """Make or upgrade the store's tables; safe to repeat, and while gateways of the last version serve."""
    checked = load(config)
    with told():
        steps = asyncio.run(migrate_store(checked))
    out.print(f"{steps} step(s) done." if steps else "The store is up to date; nothing was done.", highlight=False)


@store.command("reseal")
def reseal(config: ConfigFile = None) -> None:
    """Seal every record anew with the newest key that all nodes hold, while they serve; a cut-off run goes on."""
    checked = load(config)
    leave_where_nothing_lasts(checked)
    with told():
        came_to = asyncio.run(_reseal(checked))
    if came_to is None:
        err.print("[yellow]Another run is at it.[/]")
        raise typer.Exit(1)
    out.print(f"{came_to.done} record(s) sealed anew, {came_to.moved} written by others meanwhile.", highlight=False)
    for key_id, count in came_to.broken.items():
        err.print(f"[red]{count} record(s) are left:[/] no key of this ring opens key {key_id}.", highlight=False)
    if came_to.broken:
        raise typer.Exit(1)


async def _reseal(checked: Checked) -> Resealed | None:
    async with open_for_operator(checked) as (outside, agreed, clock):
        newest = outside.sealer.key_ids[0]
        if agreed.sealing != newest:
            text = f"Key {newest} is not held by all {agreed.nodes} nodes yet; sealing with {agreed.sealing} instead."
            err.print(f"[yellow]{escape(text)}[/]", highlight=False, soft_wrap=True)
        lease = await outside.store.acquire(RESEAL, "command line", _LEASE)
        if lease is None:
            return None
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        async with held(outside.store, lease, _LEASE):
            with Progress(*columns, console=err) as bar:
                task = bar.add_task("Sealing anew", total=None)

                def show(so_far: Resealed) -> None:
                    seen = so_far.done + so_far.moved + sum(so_far.broken.values())
                    bar.update(task, completed=seen, total=max(so_far.wanted, seen))

                resealing = Resealing(outside.store, outside.sealer, clock)
                return await resealing.run(agreed.sealing or newest, show)
