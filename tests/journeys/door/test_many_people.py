"""Many people at once: no call ever carries another person's token, however the names look.

CVE-2024-51987 sent another user's token after a refresh; CVE-2026-71326 was a key on which two users met.
"""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote

from tests.clock import FakeClock
from tests.journeys.door.browser import WEB, Browser, open_browser, open_door, query_of
from tests.journeys.stub_upstream import TOKENS, Call, StubUpstream, json_reply

PATH = "/v1/channels"
ODD_NAMES = (
    "acc_1:2",
    "acc_1",
    "acc_12",
    "acc_1 2",
    "acc_%31",
    "acc_1%",
    "acc_1|2",
    "acc_1,2",
    "acc_1.2",
    "acc_\u00e9",
)
PEOPLE = (*ODD_NAMES, *(f"acc_person{number}" for number in range(30)))


def token_of(person: str, number: int) -> str:
    """Write a token that says whose it is."""
    return f"{person.encode().hex()}~{number}"


async def test_each_call_carries_its_own_persons_token(tmp_path: Path, clock: FakeClock, stub: StubUpstream) -> None:
    asked: Counter[str] = Counter()
    good: set[str] = set()

    async def issue(call: Call) -> None:
        """Hand out tokens that say whose they are: the code names the person, later the refresh token does."""
        fields = json.loads(await call.read())
        person = fields.get("code") or bytes.fromhex(fields["refresh_token"].partition("~")[0]).decode()
        asked[person] += 1
        access = token_of(person, asked[person])
        good.add(access)
        profile = {**TOKENS["linking_profile"], "profile_id": f"pro_{person}"}
        whose = {"sub": person, "account_id": person, "linking_profile": profile}
        await call.send(json_reply(200, {**TOKENS, **whose, "access_token": access, "refresh_token": access}))

    async def echo(call: Call) -> None:
        await call.read()
        bearer = (call.header("authorization") or "").removeprefix("Bearer ")
        await call.send(json_reply(200 if bearer in good else 401, {"bearer": bearer}))

    stub.on("/oauth/token", issue)
    stub.on(PATH, echo)
    async with open_door(tmp_path, clock, cronofy_url=stub.url) as world, AsyncExitStack() as stack:
        people: dict[str, Browser] = {}
        for person in PEOPLE:
            people[person] = await stack.enter_async_context(open_browser(world))
            state = query_of(await people[person].begin())["state"]
            back = await people[person].go(f"/auth/callback?code={quote(person)}&state={state}")
            assert back.location.endswith("/app"), back.location
        for round_ in (2, 3):
            clock.pass_time(120)
            good.clear()
            calls = [(person, one.fetch("GET", PATH, client=WEB)) for person, one in people.items() for _ in range(5)]
            replies = await asyncio.gather(*(call for _, call in calls))
            for (person, _), reply in zip(calls, replies, strict=True):
                assert (reply.status, reply.json()) == (200, {"bearer": token_of(person, round_)})
    assert set(asked.values()) == {3}
