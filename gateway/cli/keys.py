"""`cronofy-gateway keys generate | list | rotate`: the encryption keys, and how to change them while serving."""

import asyncio
import json
import sys
from collections import Counter
from typing import Annotated

import typer
from rich.markup import escape

from gateway.adapters.key_ring import KeyRingInvalid, generate_key, parse_key_ring
from gateway.adapters.ring_file import put_in_front
from gateway.app.operator import open_store_for_operator
from gateway.cli.settings import ConfigFile, err, load, out, told
from gateway.cli.stories import leave_where_nothing_lasts
from gateway.cli.tables import print_table
from gateway.config_check import Checked
from gateway.flows.nodes import Agreement, agreement

keys = typer.Typer(help="The encryption keys.", no_args_is_help=True)


@keys.command("generate")
def generate() -> None:
    """Print a new encryption key; it also makes a good client secret."""
    sys.stdout.write(generate_key() + "\n")


@keys.command("list")
def list_keys(
    config: ConfigFile = None, *, as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False
) -> None:
    """Say of each key how many nodes hold it and how many records it sealed; no key is shown."""
    checked = load(config)
    leave_where_nothing_lasts(checked)  # sealed cookies are not counted: an old key would seem to be of no use
    with told():
        rows = asyncio.run(_list(checked))
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    print_table(("key", "in this ring", "held by nodes", "seals now", "records", "what to do"), map(_cells, rows))


def _cells(row: dict[str, int | str | bool]) -> tuple[object, ...]:
    place = f"{row['place']}." if row["place"] else "no"
    seals = "yes" if row["seals"] else ""
    return row["key"], place, f"{row['held_by']} of {row['nodes']}", seals, row["records"], _hint(row)


async def _list(checked: Checked) -> list[dict[str, int | str | bool]]:
    async with open_store_for_operator(checked) as store:
        ring = [key.id.hex() for key in parse_key_ring(checked.key_ring)]
        agreed = await agreement(store, ring)
        records: Counter[str] = Counter()
        for one in await store.count():
            records[one.sealed_by] += one.number
    names = [*ring, *sorted(name for name in {*records, *agreed.held_by} - set(ring) if name)]
    return [_row(name, ring, agreed, records[name]) for name in names]


def _row(name: str, ring: list[str], agreed: Agreement, records: int) -> dict[str, int | str | bool]:
    return {
        "key": name,
        "place": ring.index(name) + 1 if name in ring else 0,
        "held_by": agreed.held_by.get(name, 0),
        "nodes": agreed.nodes,
        "seals": name == agreed.sealing,
        "records": records,
    }


def _hint(row: dict[str, int | str | bool]) -> str:
    if row["seals"]:
        return ""
    if not row["place"]:
        return "its records cannot be opened with this ring" if row["records"] else ""
    if row["records"]:
        return "run: cronofy-gateway store reseal"
    return "wait until all nodes hold it" if row["place"] == 1 else "may be taken out of every node's ring"


@keys.command("rotate")
def rotate(config: ConfigFile = None) -> None:
    """Put a new key in front of `keys.ring_file`, and say what comes next."""
    checked = load(config)
    path = checked.settings.keys.ring_file
    if path is None:
        err.print(
            "[red]The ring is no file.[/] Put a new key in front of keys.ring yourself, then start the nodes anew:"
        )
        sys.stdout.write(generate_key() + "\n")
        raise typer.Exit(1)
    key = generate_key()
    try:
        put_in_front(path, key)
    except (OSError, KeyRingInvalid) as error:
        err.print(f"[red]The ring was left as it is:[/] {escape(str(error))}", highlight=False)
        raise typer.Exit(1) from None
    name = parse_key_ring(key)[0].id.hex()
    out.print(f"Key {name} stands in front of {escape(str(path))}. Next:", highlight=False, soft_wrap=True)
    for step in (
        "Bring the file to every node, and start the nodes anew, one after the other. Nobody is signed out.",
        "When all nodes hold the key they seal with it: cronofy-gateway keys list",
        "Seal the old records anew: cronofy-gateway store reseal",
        "When no record is left under the old key, take it out of the file and start the nodes anew.",
    ):
        out.print(f"- {step}", highlight=False, soft_wrap=True)
