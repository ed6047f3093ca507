"""What the command line does for an operator, over the same stories that serve."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from gateway.adapters.clock import SystemClock
from gateway.app.doors import make_doors
from gateway.app.outside import open_outside
from gateway.config_check import Checked
from gateway.flows.callers import Caller
from gateway.flows.connections import connection_id
from gateway.flows.explain import Question
from gateway.observe.metrics import Metrics
from gateway.web.keys import PublicDoors


@asynccontextmanager
async def open_doors(checked: Checked) -> AsyncIterator[PublicDoors]:
    """Open the stories without a listener, beside gateways that serve, for as long as the block runs.

    Raises:
        StoreUnavailable: the store cannot be opened.
        OSError: the ca_file cannot be read.
    """
    clock, metrics = SystemClock(), Metrics()
    async with open_outside(checked, clock, metrics) as outside:
        doors = make_doors(checked, outside, clock, metrics)
        try:
            yield doors
        finally:
            await doors.close()


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
        return {"connected": scope is not None, **answer}
