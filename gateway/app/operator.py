"""What the command line does for an operator, over the same stories that serve."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from gateway.adapters.clock import SystemClock
from gateway.adapters.postgres_schema import migrate_url
from gateway.app.doors import make_doors, stored_clients_of
from gateway.app.outside import Outside, open_outside, open_store
from gateway.app.registry import make_known
from gateway.config_check import Checked
from gateway.flows.callers import Caller
from gateway.flows.erasure import Erasure
from gateway.flows.explain import Question
from gateway.flows.exports import Exports
from gateway.flows.import_turns import Turns
from gateway.flows.imports import Imports
from gateway.flows.inventory import Inventory
from gateway.flows.nodes import Agreement, agreement
from gateway.flows.ports import Clock, RecordStore
from gateway.flows.stored_connection import connection_id
from gateway.observe.metrics import Metrics
from gateway.rules.errors import StoreUnusable
from gateway.rules.pace import Pace
from gateway.rules.store_urls import is_postgres
from gateway.web.keys import PublicDoors


@asynccontextmanager
async def open_store_for_operator(checked: Checked) -> AsyncIterator[RecordStore]:
    """Open the store alone, beside gateways that serve.

    Raises:
        StoreUnavailable: it cannot be opened.
    """
    store = await open_store(checked, SystemClock())
    try:
        yield store
    finally:
        await store.close()


async def migrate_store(checked: Checked) -> int:
    """Make or upgrade the store's tables, and say how many steps that were.

    Raises:
        StoreUnavailable: it cannot be reached.
        StoreUnusable: it is no store.
    """
    if is_postgres(checked.store_url):
        return await migrate_url(checked.store_url)
    async with open_store_for_operator(checked):  # opening is all that SQLite and Redis need
        return 0


@asynccontextmanager
async def open_for_operator(checked: Checked) -> AsyncIterator[tuple[Outside, Agreement, Clock]]:
    """Open the world outside, with the newest key that the nodes which serve all hold settled on.

    Raises:
        StoreUnavailable: the store cannot be opened, or the nodes hold none of this ring's keys.
        OSError: the ca_file cannot be read.
    """
    clock, metrics = SystemClock(), Metrics()
    async with open_outside(checked, clock, metrics) as outside:
        yield outside, await _settle(outside), clock


@asynccontextmanager
async def open_doors(checked: Checked) -> AsyncIterator[PublicDoors]:
    """Open the stories without a listener, beside gateways that serve, for as long as the block runs.

    Raises:
        StoreUnavailable: the store cannot be opened, or the nodes hold none of this ring's keys.
        OSError: the ca_file cannot be read.
    """
    async with open_for_operator(checked) as (outside, _, clock):
        doors = make_doors(checked, outside, clock, Metrics())
        try:
            # A disabled client's people can be exported and erased as well; nobody comes in by this way.
            make_known(checked, await stored_clients_of(doors).every()).fill(doors.registry, with_disabled=True)
            yield doors
        finally:
            await doors.close()


async def _settle(outside: Outside) -> Agreement:
    """Seal with the newest key that the nodes which serve all hold, and say what they have in common.

    Raises:
        StoreUnusable: they hold none of this ring's keys, so nothing may be written.
    """
    key_ids = outside.sealer.key_ids
    agreed = await agreement(outside.store, key_ids)
    if agreed.sealing is None:
        raise StoreUnusable(f"none of this key ring's keys is held by all {agreed.nodes} nodes that serve")
    outside.sealer.settle(agreed.sealing, agreed.elsewhere)
    return agreed


def inventory_of(doors: PublicDoors) -> Inventory:
    """Return what looks into the store that the stories share."""
    door = doors.browser
    records, clock = door.tickets.records, door.tickets.clock
    return Inventory(records, doors.registry, door.sessions, door.connections, doors.tokens.bindings, door.modes, clock)


def erasure_of(doors: PublicDoors) -> Erasure:
    """Return what erases accounts from the store that the stories share."""
    return doors.revocations.erasure


def imports_over(doors: PublicDoors, *, rate: float, stop: asyncio.Event) -> Imports:
    """Put the story of an import together over opened doors, with their journal, leases and bindings.

    Args:
        doors: the stories that serve.
        rate: calls to Cronofy, a second.
        stop: set when nothing new is to be begun.
    """
    tokens = doors.tokens
    return Imports(
        registry=doors.registry,
        refreshes=tokens.refreshes,
        bindings=tokens.bindings,
        connections=doors.browser.connections,
        modes=tokens.modes,
        cronofy=tokens.cronofy,
        clock=tokens.clock,
        turns=Turns(Pace(rate), tokens.clock, stop=stop),
    )


def exports_over(doors: PublicDoors) -> Exports:
    """Put the story of an export together over opened doors."""
    return Exports(doors.registry, doors.browser.connections, doors.tokens.refreshes.journal, doors.tokens.modes)


async def explain_for_operator(checked: Checked, client_id: str, account: str, question: Question) -> dict[str, Any]:
    """Explain a call of a client for an account, over what the store knows; nothing goes upstream.

    Raises:
        RequestRefused: the client is unknown, or the path is no operation.
        StoreUnavailable: the store cannot be opened.
    """
    async with open_doors(checked) as doors:
        client = doors.registry.client(client_id)
        stored = await doors.browser.connections.load(connection_id(client, account))
        scope = stored.connection.scope if stored else await doors.tokens.bindings.scope_of(client, account)
        caller = Caller(doors.registry.application_of(client), (client,), "", account, is_person=True)
        answer = await doors.explainer.explain(replace(question, scope=scope or ""), caller)
        if scope is None:
            answer["what_to_do"] = "Let the person connect through this client first."
        return {"connected": scope is not None, **answer}
