"""`cronofy-gateway sessions list | end`: the sessions of the browser door, for operators."""

from typing import Annotated, Any

import typer

from gateway.app import inventory_of
from gateway.cli.settings import ConfigFile, out
from gateway.cli.stories import confirm, refused, run_story
from gateway.cli.tables import moment, print_json, print_table
from gateway.cli.walks import first, looking
from gateway.flows.inventory import ClientSession, Which
from gateway.flows.sessions import SESSION
from gateway.web.keys import PublicDoors

sessions = typer.Typer(help="The sessions of browsers.", no_args_is_help=True)

OfClient = Annotated[str, typer.Option("--client", help="Only this client's.")]
OfAccount = Annotated[str, typer.Option("--account", help="Only this account's: its sub, acc_….")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")]
Limit = Annotated[int, typer.Option(min=1, help="The most lines.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@sessions.command("list")
def list_sessions(
    *,
    client: OfClient = "",
    account: OfAccount = "",
    limit: Limit = 100,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List living sessions, the last used first."""

    async def story(doors: PublicDoors) -> tuple[list[ClientSession], bool]:
        inventory = inventory_of(doors)
        async with looking(inventory.records.store, SESSION) as looked:
            return await first(inventory.sessions_of(Which(client, account), looked), limit)

    found, more = run_story(config, story)
    found.sort(key=lambda one: one.facts.seen_at, reverse=True)
    if json:
        print_json({"sessions": [as_json(one) for one in found], "more": more})
        return
    print_sessions(found)
    if more:
        out.print(f"There are more than {limit}: see --limit.", highlight=False)


@sessions.command("end")
def end_sessions(
    session: Annotated[str, typer.Argument(metavar="ID", help="One session, by the id that the list shows.")] = "",
    *,
    client: OfClient = "",
    account: OfAccount = "",
    yes: Yes = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """End a session, or all of a client, an account or both; the connection stays."""
    which = Which(client, account, session)
    if which == Which():
        raise refused("Name a session's id, a --client or an --account.")

    async def story(doors: PublicDoors) -> int:
        inventory = inventory_of(doors)
        async with looking(inventory.records.store, SESSION) as looked:
            number = 0
            async for _ in inventory.session_names(which, looked):
                number += 1
        if session and not number:
            raise refused("No session has this id; it may have ended already.")
        if number > 1:
            confirm(f"This ends {number} sessions.", yes=yes)
        ended = 0
        async with looking(inventory.records.store, SESSION) as looked:
            async for name in inventory.session_names(which, looked):
                ended += await inventory.sessions.end_named(name)
        return ended

    ended = run_story(config, story)
    if json:
        print_json({"ended": ended})
    else:
        out.print(f"{ended} session(s) ended.", highlight=False)


def print_sessions(found: list[ClientSession]) -> None:
    """Print a table of sessions."""
    rows = [
        (
            one.facts.id,
            one.client,
            one.facts.account,
            one.facts.profile_id,
            moment(one.facts.created_at),
            moment(one.facts.seen_at),
            one.facts.user_agent,
        )
        for one in found
    ]
    print_table(("id", "client", "account", "profile", "signed in", "last used", "browser"), rows)


def as_json(one: ClientSession) -> dict[str, Any]:
    """Return a session as JSON shows it."""
    facts = one.facts
    return {
        "id": facts.id,
        "client": one.client,
        "sub": facts.account,
        "profile_id": facts.profile_id or None,
        "created_at": int(facts.created_at),
        "seen_at": int(facts.seen_at),
        "expires_in": int(facts.expires_in),
        "idle_expires_in": int(facts.idle_expires_in),
        "user_agent": facts.user_agent,
    }
