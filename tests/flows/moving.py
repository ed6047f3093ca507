"""What the tests of imports and exports share: a Cronofy that knows people, and waiting that takes no time."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway.flows.import_turns import Turns
from gateway.flows.imports import Imports
from gateway.flows.ports import ApiReply
from gateway.flows.refreshes import Refreshes
from gateway.flows.stored_connection import Connection, connection_id
from gateway.rules.client import Application, Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from gateway.rules.import_lines import ImportLine
from gateway.rules.import_outcomes import Result
from gateway.rules.pace import Pace
from tests.clock import FakeClock
from tests.flows.fakes import FakeCronofy, Kit, client, refreshes, registry, token_reply, userinfo_reply

APP = client()
AWAY = CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow")
DEAD = ApiReply(400, b'{"error":"invalid_grant"}')
LINE = ImportLine("refresh-1")


@dataclass
class FakeSleep:
    """Lets the clock pass instead of waiting."""

    clock: FakeClock
    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.pass_time(seconds)
        await asyncio.sleep(0)


@dataclass
class Crowd(FakeCronofy):
    """Knows people by their refresh tokens, and replaces each one that is used."""

    people: dict[str, str] = field(default_factory=dict)
    at_once: int = 0
    most_at_once: int = 0

    async def token(self, application: Application, fields: dict[str, Any]) -> ApiReply:
        self.asked.append((f"token {application.name}", fields))
        number = self.count("token")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.token_gate is not None:
            await self.token_gate.wait()
        self.at_once -= 1
        account = self.people.pop(fields["refresh_token"], "")
        if not account:
            return DEAD
        self.people[f"{account}-refresh-{number}"] = account
        return answer(f"{account}-access-{number}", f"{account}-refresh-{number}")

    async def userinfo(self, application: Application, bearer: str) -> ApiReply:
        self.asked.append((f"userinfo {application.name}", bearer))
        return userinfo_reply(bearer.partition("-")[0], pro_1="google")


def answer(access: str = "access-2", refresh: str = "refresh-2", **changes: Any) -> ApiReply:
    """Return a refresh's answer: it names neither the account nor a profile."""
    return token_reply(access, refresh, sub=None, linking_profile=None, **changes)


def imports(
    one: Kit, *clients: Client, node: Refreshes | None = None, rate: float = 1000.0, sleep: FakeSleep | None = None
) -> Imports:
    """Return the story of an import over a kit, as a process of its own has it."""
    turns = Turns(Pace(rate), one.clock, sleep=sleep or FakeSleep(one.clock))
    return Imports(
        registry=registry(*clients),
        refreshes=node or refreshes(one),
        bindings=one.bindings,
        connections=one.connections,
        modes=one.modes,
        cronofy=one.cronofy,
        clock=one.clock,
        turns=turns,
    )


def lines(*members: dict[str, Any]) -> Iterable[tuple[int, bytes]]:
    """Return lines with their numbers."""
    return enumerate((json.dumps(one).encode() for one in members), 1)


async def bring(one: Kit, line: ImportLine = LINE, whose: Client = APP, **more: Any) -> Result:
    """Bring one line in, as a process of its own."""
    return await imports(one, whose, client("other")).bring_in(whose, 1, line, **more)


async def stored(one: Kit, account: str = "acc_1", whose: Client = APP) -> Connection | None:
    """Return what is stored for a client and an account."""
    found = await one.connections.load(connection_id(whose, account))
    return found.connection if found else None


def knows(one: Kit, account: str = "acc_1", *answers: ApiReply | CronofyUnavailable, **providers: str) -> None:
    """Let Cronofy answer one refresh and one look-up."""
    one.cronofy.tokens.extend(answers or [answer()])
    one.cronofy.userinfos.append(userinfo_reply(account, **(providers or {"pro_1": "google_free_busy"})))
