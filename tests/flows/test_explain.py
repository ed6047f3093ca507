"""Explaining a call: the same verdict as the proxied path gives, and nothing sent."""

import json
import random
from typing import Any

import pytest

from gateway.flows.callers import Caller
from gateway.flows.explain import Explainer, Question
from gateway.flows.incoming import CallFacts
from gateway.flows.ports import ApiReply
from gateway.rules.access_mode import AccessMode
from gateway.rules.error_codes import Code
from gateway.rules.errors import GatewayError, RequestRefused
from gateway.rules.mode_limits import RuleState
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fake_upstream import FakeReply, FakeUpstream
from tests.flows.fakes import APPLICATION, Kit, client, kit, mode_rules, token_reply
from tests.flows.test_proxy import incoming, proxy

A = client("a")
CALENDARS = {"cal_rw": AccessMode.READ_WRITE, "cal_fb": AccessMode.FREE_BUSY, "cal_no": AccessMode.NO_ACCESS}
ASKING = {"conferencing": {"profile_id": "integrated"}}
PERSON = Caller(APPLICATION, (A,), "access-1", "acc_1", is_person=True)


async def _know(one: Kit, *modes: AccessMode) -> None:
    """Let an account be known with a profile in each of these modes, and let Cronofy say the same when it is asked."""
    names = {AccessMode.READ_WRITE: "google", AccessMode.FREE_BUSY: "google_free_busy", AccessMode.NO_ACCESS: "cronofy"}
    told = [
        {"profile_id": f"pro_{mode}", "provider_name": names[mode], "profile_calendars": [{"calendar_id": calendar}]}
        for calendar, mode in CALENDARS.items()
        if mode in modes
    ]
    reply = ApiReply(200, json.dumps({"sub": "acc_1", "cronofy.data": {"profiles": told}}).encode())

    async def userinfo(*_args: object) -> ApiReply:
        return reply

    one.cronofy.userinfo = userinfo  # type: ignore[assignment,method-assign]
    await one.modes.look_up(APPLICATION, "access-1")


def explainer(one: Kit, state: RuleState = RuleState.ENFORCE) -> Explainer:
    rules = mode_rules(one, A, state=state)
    return Explainer(rules.table, one.modes, rules)


async def explain(
    one: Kit, method: str, path: str, body: Any = None, *, scope: str = "free_busy_write"
) -> dict[str, Any]:
    return await explainer(one).explain(Question(method, path, body, scope), PERSON)


async def test_a_refusal_names_the_rule_the_fields_and_the_way_out(clock: FakeClock) -> None:
    one = kit(clock)
    await _know(one, AccessMode.FREE_BUSY)
    told = await explain(one, "POST", "/v1/calendars/cal_fb/events", ASKING)

    assert told["operation"] == "upsert_event"
    assert (told["verdict"], told["rule"], told["rule_state"]) == ("refused", "integrated_conferencing", "enforce")
    assert told["fields"] == {"conferencing.profile_id": "free_busy"}
    assert "/v1/conferencing_service_authorizations" in told["what_to_do"]
    assert (told["scope_needed"], told["scope_covered"], told["access_mode"]) == (["create_event"], True, "free_busy")
    assert one.cronofy.asked == []


async def test_what_merely_differs_is_told_too(clock: FakeClock) -> None:
    one = kit(clock)
    await _know(one, AccessMode.NO_ACCESS)
    told = await explain(one, "GET", "/v1/events?tzid=Etc/UTC", scope="read_events")
    assert (told["verdict"], told["access_mode"], told["fields"]) == ("works differently", "no_access", {})


@pytest.mark.parametrize(
    ("limits", "advice"),
    [
        ({"operations": frozenset({"calendars"})}, "clients.few.operations"),
        ({"allowed_scopes": frozenset({"create_event"})}, "allowed_scopes"),
    ],
)
async def test_what_the_operator_does_not_allow_is_refused_here_too(
    clock: FakeClock, limits: dict[str, Any], advice: str
) -> None:
    """Least privilege is judged before the modes, so an explanation that knew the modes alone would be wrong."""
    one = kit(clock)
    few = Caller(APPLICATION, (client("few", **limits),), "access-1", "acc_1", is_person=True)
    told = await explainer(one).explain(Question("GET", "/v1/events", None, "read_events"), few)
    assert (told["verdict"], told["rule"]) == ("refused", None)
    assert advice in told["what_to_do"]


async def test_a_scope_that_is_not_held_is_said(clock: FakeClock) -> None:
    one = kit(clock)
    await _know(one, AccessMode.READ_WRITE)
    told = await explain(one, "GET", "/v1/events", scope="free_busy_write")
    assert (told["scope_covered"], told["verdict"]) == (False, "works")
    assert "403" in told["what_to_do"]


@pytest.mark.parametrize("state", [RuleState.OBSERVE, RuleState.OFF])
async def test_a_rule_that_does_not_refuse_is_named_and_the_call_goes_through(
    clock: FakeClock, state: RuleState
) -> None:
    one = kit(clock)
    await _know(one, AccessMode.FREE_BUSY)
    question = Question("POST", "/v1/calendars/cal_fb/events", ASKING, "free_busy_write")
    told = await explainer(one, state).explain(question, PERSON)
    assert (told["verdict"], told["rule_state"]) == ("works differently", str(state))


@pytest.mark.parametrize(("path", "code"), [("/v1/nothing", Code.OPERATION_UNKNOWN), ("/v1/../x", Code.BAD_TARGET)])
async def test_what_is_no_operation_is_refused_as_the_proxied_path_does(
    clock: FakeClock, path: str, code: Code
) -> None:
    with pytest.raises(RequestRefused) as caught:
        await explain(kit(clock), "GET", path)
    assert caught.value.code is code


def _generated(chance: random.Random) -> tuple[str, str, Any]:
    """Return a call: mostly ones that a rule could refuse, some that it could not."""
    calendar = chance.choice([*CALENDARS, "cal_unknown"])
    profile = chance.choice([*["integrated"] * 8, "default", "explicit", "none", "pro_1", None, 7])
    event: dict[str, Any] = {"event_id": "e", "conferencing": {"profile_id": profile}} if chance.random() < 0.8 else {}
    path = f"/v1/calendars/{calendar}/events"
    match chance.randrange(5):
        case 0:
            items = [
                {
                    "method": "POST",
                    "relative_url": f"/v1/calendars/{chance.choice(list(CALENDARS))}/events",
                    "data": event,
                }
                for _ in range(chance.randint(1, 4))
            ]
            return "POST", "/v1/batch", {"batch": items}
        case 1:
            return chance.choice(["GET", "PUT", "DELETE"]), chance.choice(["/v1/events", path, "/v1/nothing"]), None
        case _:
            return "POST", path, event


async def test_explain_and_the_proxied_path_agree_on_ten_thousand_requests(clock: FakeClock) -> None:
    chance = random.Random(4)  # noqa: S311  the same ten thousand each time
    refusals = 0
    for _ in range(20):
        one = kit(clock)
        await one.bindings.remember(A, read_token_reply(token_reply().body), account="acc_1", scope="free_busy_write")
        await _know(one, *chance.sample(list(CALENDARS.values()), chance.randint(1, 3)))
        upstream = FakeUpstream(FakeReply(body=b"{}"))
        carrying, explaining = proxy(one, upstream), explainer(one)
        for _ in range(500):
            method, path, body = _generated(chance)
            upstream.sent.clear()
            upstream.reply = FakeReply(207 if path == "/v1/batch" else 200, [], b'{"batch":[]}')
            raw = json.dumps(body).encode() if body is not None else b""
            headers = [("Authorization", "Bearer access-1"), ("Content-Type", "application/json")]
            try:
                answer = await carrying.call(incoming(method, path, *headers, body=raw), CallFacts())
                merged = json.loads(answer.body).get("batch", []) if answer.body and path == "/v1/batch" else []
                proxied = "refused" if any(item["status"] == 422 for item in merged) else "passed"
            except GatewayError as error:
                proxied = "refused" if error.code is Code.INTEGRATED_CONFERENCING_REFUSED else str(error.code)
            try:
                told = await explaining.explain(Question(method, path, body, "free_busy_write"), PERSON)
                explained = "refused" if told["verdict"] == "refused" else "passed"
            except GatewayError as error:
                explained = str(error.code)
            assert explained == proxied, (method, path, body)
            refusals += proxied == "refused"
    assert 1_000 < refusals < 9_000
