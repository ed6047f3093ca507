"""`cronofy-gateway clients add | list | show | disable | enable | secret`: clients made and changed at run time."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from shlex import quote
from typing import Annotated, TypeVar

import typer

from gateway.app.doors import stored_clients_of
from gateway.app.stored_settings import check_stored, named_settings
from gateway.cli.client_facts import facts_of
from gateway.cli.client_table import TableUnusable, read_table
from gateway.cli.sessions import AsJson
from gateway.cli.settings import ConfigFile, err, load, out, print_complaints
from gateway.cli.stories import refused, run_over
from gateway.cli.tables import plain, print_json, print_table
from gateway.config.complaints import SettingsInvalid
from gateway.config_check import Checked
from gateway.flows.issued_secrets import ClientRefused
from gateway.flows.stored_clients import SecretOrder, SecretOutcome, StoredClients
from gateway.rules.client import Custody
from gateway.rules.scopes import ScopePolicy
from gateway.rules.store_urls import MEMORY

clients = typer.Typer(help="The apps registered at this gateway.", no_args_is_help=True)

T = TypeVar("T")

ClientArgument = Annotated[str, typer.Argument(metavar="CLIENT", help="Its client id.")]


@clients.command("add")
def add_client(
    client: ClientArgument,
    *,
    application: Annotated[str, typer.Option(help="Name of its application; needed where there are several.")] = "",
    redirect_uri: Annotated[list[str] | None, typer.Option(help="A redirect URI; again for each.")] = None,
    any_loopback_redirect: Annotated[
        bool, typer.Option("--any-loopback-redirect", help="Any loopback redirect URI is its own; for development.")
    ] = False,
    custody: Annotated[Custody | None, typer.Option(help="Who holds its tokens.")] = None,
    service_door: Annotated[
        bool, typer.Option("--service-door", help="Its backend may call for its stored connections.")
    ] = False,
    scope_policy: Annotated[ScopePolicy | None, typer.Option(help="A request without free_busy_write.")] = None,
    allowed_scope: Annotated[
        list[str] | None, typer.Option(help="A scope that it may ask for; again for each.")
    ] = None,
    operation: Annotated[list[str] | None, typer.Option(help="An operation it may call; again for each.")] = None,
    accepted_mode: Annotated[list[str] | None, typer.Option(help="An access mode it takes; again for each.")] = None,
    home: Annotated[str, typer.Option(help="Its own page; opens the browser door.")] = "",
    origin: Annotated[list[str] | None, typer.Option(help="An origin of its pages; again for each.")] = None,
    from_file: Annotated[
        Path | None, typer.Option(help="TOML or JSON with any settings, named as in \\[clients.ID]; options win.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put these settings in the place of a stored client's; secrets stay.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Make a client in the store; every gateway on it knows the client within two seconds."""
    checked = _lasting(config)
    options = {
        "application": application,
        "redirect_uris": redirect_uri,
        "any_loopback_redirect": any_loopback_redirect,
        "custody": custody,
        "service_door": service_door,
        "scope_policy": scope_policy,
        "allowed_scopes": allowed_scope,
        "operations": operation,
        "accepted_modes": accepted_mode,
        "home": home,
        "origins": origin,
    }
    try:
        settings, warnings = check_stored(client, read_table(from_file, options), checked.settings)
    except TableUnusable as why:
        raise refused(str(why)) from None
    except SettingsInvalid as invalid:
        print_complaints(None, invalid.complaints)
        raise typer.Exit(1) from None
    print_complaints(None, warnings)
    if client in checked.settings.clients:
        text = "The configuration has a client of this id: as long as it does, its settings count, not the stored ones."
        err.print(f"[yellow]{text}[/]", highlight=False, soft_wrap=True)
    _run(checked, lambda stored: stored.add(client, named_settings(settings), replace=replace))
    named = f" --config {quote(str(config))}" if config else ""
    hint = "" if replace else f" Issue a secret with: cronofy-gateway clients secret {client}{named}"
    out.print(f"The client {client} is stored.{hint}", markup=False, highlight=False, soft_wrap=True)


@clients.command("list")
def list_clients(*, json: AsJson = False, config: ConfigFile = None) -> None:
    """List all clients: where each comes from, what is open to it, how many secrets it has, whether it works."""
    checked = _lasting(config)
    found = facts_of(checked, _run(checked, lambda stored: stored.every()))
    if json:
        print_json({"clients": [one.as_json(whole=False) for one in found]})
        return
    head = ("client", "comes from", "application", "custody", "doors", "active secrets", "state")
    print_table(head, [one.row for one in found])
    for one in found:
        if one.problem:
            err.print(f"[yellow]{one.id}:[/] {plain(one.problem)}", highlight=False, soft_wrap=True)


@clients.command("show")
def show_client(client: ClientArgument, *, json: AsJson = False, config: ConfigFile = None) -> None:
    """Show all settings of a client, and the names of its issued secrets; never a secret."""
    checked = _lasting(config)
    stored = _run(checked, lambda clients_there: clients_there.every())
    found = next((one for one in facts_of(checked, stored) if one.id == client), None)
    if found is None:
        raise _unknown(client)
    if json:
        print_json(found.as_json(whole=True))
        return
    print_table((client, ""), found.rows)


@clients.command("disable")
def disable_client(client: ClientArgument, *, config: ConfigFile = None) -> None:
    """Disable a client, of the store or the configuration: within two seconds nothing of it works on any gateway."""
    _switch(client, config, disabled=True)


@clients.command("enable")
def enable_client(client: ClientArgument, *, config: ConfigFile = None) -> None:
    """Enable a disabled client again, with the connections, sessions and secrets that it had."""
    _switch(client, config, disabled=False)


def _switch(client: str, config: Path | None, *, disabled: bool) -> None:
    checked = _lasting(config)

    async def story(stored: StoredClients) -> bool:
        await _insist_on(client, checked, stored)
        return await stored.disable(client, disabled=disabled)

    word = "disabled" if disabled else "enabled"
    was_done = _run(checked, story)
    out.print(f"{client} is {word}." if was_done else f"{client} was {word} already.", markup=False, highlight=False)


@clients.command("secret")
def issue_secret(
    client: ClientArgument,
    *,
    revoke_older: Annotated[
        bool, typer.Option("--revoke-older", help="First revoke the older of two issued secrets.")
    ] = False,
    revoke: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="First revoke the issued secret whose name begins like this."),
    ] = None,
    no_new: Annotated[bool, typer.Option("--no-new", help="Only revoke; issue none.")] = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Issue a new secret for a client and show it once; two issued ones may be active, beside the configuration's."""
    if no_new and not revoke_older and not revoke:
        raise refused("Name what is to be revoked: --revoke-older or --revoke NAME.")
    checked, order = _lasting(config), SecretOrder(revoke_older, revoke or (), issue=not no_new)

    async def story(stored: StoredClients) -> SecretOutcome:
        await _insist_on(client, checked, stored)
        return await stored.renew_secrets(client, order)

    done = _run(checked, story)
    if json:
        issued = {"secret": done.issued.secret, "name": done.issued.name} if done.issued else {}
        print_json({"client": client, **issued, "revoked": list(done.revoked), "active": list(done.active)})
        return
    if done.issued:
        out.file.write(f"{done.issued.secret}\n")  # alone on standard output, so that it can be led into a file
        err.print(f"{done.issued.name} was issued. Keep it now: it is not shown again.", highlight=False)
    for word, names in (("revoked", done.revoked), ("active", done.active)):
        if names:
            err.print(f"{word}: {', '.join(names)}", highlight=False, soft_wrap=True)


async def _insist_on(client: str, checked: Checked, stored: StoredClients) -> None:
    """Refuse a client that is neither in the configuration nor in the store."""
    if client not in checked.settings.clients and client not in await stored.every():
        raise _unknown(client)


def _unknown(client: str) -> typer.Exit:
    return refused(f"There is no client {client}, neither in the configuration nor in the store.")


def _lasting(config: Path | None) -> Checked:
    """Read the settings; leave where clients cannot be kept."""
    checked = load(config)
    if checked.store_url == MEMORY:
        cause = "In cookie shape the store is" if checked.settings.sessions.shape == "cookie" else "The store is"
        why = "which is gone with the process and seen by no other: clients and secrets come from the settings alone."
        raise refused(f"{cause} memory:, {why}")
    return checked


def _run(checked: Checked, story: Callable[[StoredClients], Awaitable[T]]) -> T:
    async def over(stored: StoredClients) -> T:
        return await story(stored)

    try:
        return run_over(checked, lambda doors: over(stored_clients_of(doors)))
    except ClientRefused as why:
        raise refused(str(why)) from None
