"""`cronofy-gateway accounts list | show | erase`: who is connected, for operators."""

from typing import Annotated, Any

import typer

from gateway.app import erasure_of, inventory_of
from gateway.cli.sessions import AsJson, Limit, OfClient, Yes, as_json, print_sessions
from gateway.cli.settings import ConfigFile, out
from gateway.cli.stories import confirm, refused, run_story
from gateway.cli.tables import moment, plain, print_json, print_table
from gateway.cli.walks import first, looking
from gateway.flows.bindings import BINDING
from gateway.flows.connections import CONNECTION
from gateway.flows.disconnects import Ended
from gateway.flows.erasure import Erased
from gateway.flows.inventory import AccountFacts, AccountLine
from gateway.web.keys import PublicDoors

accounts = typer.Typer(help="The accounts that are connected.", no_args_is_help=True)

Sub = Annotated[str, typer.Argument(metavar="SUB", help="The account: acc_… or ser_….")]

_TOLD = {
    None: "left as it is",
    Ended.AUTHORIZATION: "the whole authorization was revoked",
    Ended.PROFILES: "this client's profiles were disconnected; other clients hang on the account",
    Ended.NOTHING: "nothing could be ended without ending other clients' connections",
}


@accounts.command("list")
def list_accounts(
    *, client: OfClient = "", limit: Limit = 100, json: AsJson = False, config: ConfigFile = None
) -> None:
    """List accounts, a line for each client that is connected to one."""

    async def story(doors: PublicDoors) -> tuple[list[AccountLine], bool]:
        inventory = inventory_of(doors)
        async with looking(inventory.records.store, CONNECTION, BINDING) as looked:
            return await first(inventory.accounts(client, looked), limit)

    found, more = run_story(config, story)
    if json:
        print_json({"accounts": [_line_as_json(one) for one in found], "more": more})
        return
    _print_lines(found)
    if more:
        out.print(f"There are more than {limit}: see --limit.", highlight=False)


@accounts.command("show")
def show_account(sub: Sub, *, client: OfClient = "", json: AsJson = False, config: ConfigFile = None) -> None:
    """Show what is known of an account: profiles with their modes, connections, sessions, scopes."""
    found = run_story(config, lambda doors: inventory_of(doors).account(sub, client))
    if not found:
        raise refused("Nothing is known here of this account.")
    if json:
        print_json({"sub": sub, "applications": [_facts_as_json(one) for one in found]})
        return
    for one in found:
        out.print(f"Application {plain(one.application)}", markup=False, highlight=False)
        profiles = [(each.id, each.name, each.mode, "yes" if each.connected else "no") for each in one.profiles]
        print_table(("profile", "name", "access mode", "connected"), profiles)
        _print_lines(list(one.lines))
        print_table(("client", "scope"), [(each.whose.client, each.scope) for each in one.lines])
        print_sessions(list(one.sessions))


@accounts.command("erase")
def erase_account(
    sub: Sub,
    *,
    client: OfClient = "",
    keep_at_cronofy: Annotated[
        bool, typer.Option("--keep-at-cronofy", help="Erase here only; Cronofy is not asked.")
    ] = False,
    yes: Yes = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Erase an account: ended at Cronofy, its sessions ended, its connections and all that hangs on them removed."""

    async def story(doors: PublicDoors) -> list[Erased]:
        whose = doors.registry.client(client) if client else None
        part = f"{client}'s part of {sub}" if client else f"{sub}, every client's part of it"
        confirm(f"This erases {plain(part)}{'' if keep_at_cronofy else ', here and at Cronofy'}.", yes=yes)
        return await erasure_of(doors).erase(sub, whose, keep_at_cronofy=keep_at_cronofy)

    erased = run_story(config, story)
    if json:
        print_json({"sub": sub, "client": client or None, "erased": [_erased_as_json(one) for one in erased]})
        return
    for one in erased:
        counts = f"{one.sessions} session(s), {one.handles} handle(s), {one.connections} connection(s)"
        counts = f"{counts}, {one.bindings} binding(s)"
        text = f"{one.application}: {counts} erased; at Cronofy: {_TOLD[one.at_cronofy]}."
        out.print(text, markup=False, highlight=False, soft_wrap=True)
    if not erased:
        out.print("Nothing is known here of this account; nothing was sent to Cronofy.", highlight=False)


def _print_lines(found: list[AccountLine]) -> None:
    rows = [
        (
            one.whose.account,
            one.whose.client,
            one.whose.application,
            f"{one.state} ({one.lost_by})" if one.lost_by else one.state,
            one.modes,
            one.sessions,
            one.handles,
            moment(one.refreshed_at),
        )
        for one in found
    ]
    titles = ("account", "client", "application", "state", "access mode", "sessions", "handles", "last refreshed")
    print_table(titles, rows)


def _line_as_json(one: AccountLine) -> dict[str, Any]:
    return {
        "sub": one.whose.account,
        "client": one.whose.client,
        "application": one.whose.application,
        "state": one.state,
        "lost_by": one.lost_by or None,
        "scope": one.scope,
        "access_modes": one.modes.split(", "),
        "sessions": one.sessions,
        "handles": one.handles,
        "refreshed_at": int(one.refreshed_at) or None,
    }


def _facts_as_json(one: AccountFacts) -> dict[str, Any]:
    return {
        "application": one.application,
        "profiles": [
            {
                "profile_id": each.id,
                "profile_name": each.name,
                "access_mode": str(each.mode),
                "connected": each.connected,
            }
            for each in one.profiles
        ],
        "clients": [_line_as_json(each) for each in one.lines],
        "sessions": [as_json(each) for each in one.sessions],
    }


def _erased_as_json(one: Erased) -> dict[str, Any]:
    return {
        "application": one.application,
        "at_cronofy": one.at_cronofy or "kept",
        "sessions": one.sessions,
        "handles": one.handles,
        "connections": one.connections,
        "bindings": one.bindings,
        "others_hang_on_it": one.others,
    }
