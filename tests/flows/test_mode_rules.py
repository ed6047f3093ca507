"""Judging what a mode forbids, by the mode of the very calendar."""

from typing import Any

import pytest

from gateway.flows.callers import Caller
from gateway.flows.mode_rules import FRESH_FOR_REFUSAL, ModeRules
from gateway.flows.ports import ApiReply
from gateway.rules.client import BrowserDoor, Client
from gateway.rules.mode_limits import RuleState
from gateway.rules.operations import OPERATIONS, Match
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, kit, mode_rules, token_reply, userinfo_reply

BY_NAME = {one.name: one for one in OPERATIONS}
DOOR = BrowserDoor(frozenset({"https://a.test"}), "https://a.test/", "free_busy_write", "s", "free_busy_write")
A = client("a", browser=DOOR)
ASKING = {"conferencing": {"profile_id": "integrated"}}


def person(connection: str = "", *clients: Client) -> Caller:
    return Caller(APPLICATION, clients or (A,), "token-1", "acc_1", is_person=True, connection=connection)


def backend() -> Caller:
    return Caller(APPLICATION, (A,), "cronofy-secret", "", is_person=False)


async def refused(rules: ModeRules, operation: str, body: Any, caller: Caller) -> list[tuple[str, str]]:
    found = await rules.refusals(Match(BY_NAME[operation], {"calendar_id": "cal_pro_1"}), body, caller)
    return [(one.ask.field, one.mode) for one in found]


async def test_items_of_a_batch_are_judged_alone(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google", pro_2="ms_graph_free_busy"))
    items = [
        {"method": "POST", "relative_url": f"/v1/calendars/cal_pro_{number}/events", "data": ASKING}
        for number in (1, 2, 1)
    ]
    assert await refused(mode_rules(one, A), "batch", {"batch": items}, person()) == [
        ("batch[1].data.conferencing.profile_id", "free_busy")
    ]
    assert one.cronofy.count("userinfo") == 1


async def test_a_target_is_judged_by_its_own_accounts_mode(clock: FakeClock) -> None:
    """The API key names people by `sub`; a stored connection of the same client answers for them."""
    one = kit(clock)
    for number in (1, 2):
        reply = token_reply(f"access-{number}", f"refresh-{number}", sub=f"acc_{number}")
        await one.connections.connect(A, read_token_reply(reply.body))
    one.cronofy.userinfos.extend([userinfo_reply("acc_1", pro_1="google"), userinfo_reply("acc_2", pro_2="cronofy")])
    targets = [{"sub": f"acc_{number}", "calendar_id": f"cal_pro_{number}"} for number in (1, 2, 3)]
    body = {"event": ASKING, "target_calendars": targets}

    assert await refused(mode_rules(one, A), "create_real_time_scheduling", body, backend()) == [
        ("event.conferencing.profile_id", "no_access")
    ]
    assert [bearer for what, bearer in one.cronofy.asked if what.startswith("userinfo")] == ["access-1", "access-2"]


async def test_a_mode_that_allows_is_not_doubted_a_forbidding_one_is(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.userinfos.extend([userinfo_reply(pro_1="google"), userinfo_reply(pro_1="google_free_busy")])
    rules = mode_rules(one, A)
    for _ in range(3):
        assert await refused(rules, "upsert_event", ASKING, person()) == []
        clock.pass_time(FRESH_FOR_REFUSAL)
    assert one.cronofy.count("userinfo") == 1

    clock.pass_time(3_600)
    assert await refused(rules, "upsert_event", ASKING, person()) == [("conferencing.profile_id", "free_busy")]


@pytest.mark.parametrize(("state", "counted"), [(RuleState.OBSERVE, 1.0), (RuleState.OFF, 0.0)])
async def test_a_rule_can_be_watched_or_switched_off(clock: FakeClock, state: RuleState, counted: float) -> None:
    one = kit(clock)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="cronofy"))
    assert await refused(mode_rules(one, A, state=state), "upsert_event", ASKING, person()) == []

    sample = {"rule": "integrated_conferencing", "state": str(state), "operation": "upsert_event"}
    assert (one.metrics.registry.get_sample_value("gateway_mode_rules_total", sample) or 0.0) == counted


async def test_a_link_to_connect_is_fetched_only_with_a_token_that_the_gateway_keeps(clock: FakeClock) -> None:
    one = kit(clock)
    rules = mode_rules(one, A)
    assert await rules.connect_url(person()) == ""
    assert await rules.connect_url(backend()) == ""
    assert one.cronofy.asked == []

    assert await rules.connect_url(person("connection-1")) == "https://app.test/conferencing/1"
    ((_, (bearer, fields)),) = one.cronofy.asked
    assert (bearer, fields) == ("token-1", {"redirect_uri": "https://a.test/"})


@pytest.mark.parametrize(
    "reply",
    [ApiReply(403, b""), ApiReply(200, b"[]"), ApiReply(200, b'{"authorization_request":{"url":"javascript:1"}}')],
)
async def test_without_a_usable_link_the_refusal_stands_without_one(clock: FakeClock, reply: ApiReply) -> None:
    one = kit(clock)

    async def answer(*_args: object) -> ApiReply:
        return reply

    one.cronofy.authorize_conferencing = answer  # type: ignore[assignment,method-assign]
    assert await mode_rules(one, A).connect_url(person("connection-1")) == ""


async def test_an_account_that_nobody_knows_passes(clock: FakeClock) -> None:
    one: Kit = kit(clock)
    one.cronofy.userinfos.append(ApiReply(500, b""))
    assert await refused(mode_rules(one, A), "upsert_event", ASKING, person()) == []
