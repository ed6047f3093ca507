"""Bodies that a rule reads."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.flows.callers import Caller, Callers
from gateway.flows.mode_rules import FRESH_FOR_REFUSAL
from gateway.flows.ruled_body import RuledBodies
from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.headers import Pairs
from gateway.rules.operations import OPERATIONS, Match
from gateway.rules.scopes import ScopePolicy
from tests.clock import FakeClock
from tests.flows.fakes import (
    APPLICATION,
    Kit,
    callbacks,
    client,
    kit,
    mode_rules,
    privileges,
    registry,
    userinfo_reply,
    vault,
)

BY_NAME = {one.name: one for one in OPERATIONS}
A, ADDING = client("a"), client("b", scope_policy=ScopePolicy.ADD)
JSON = ("Content-Type", "application/json; charset=utf-8")
INTEGRATED = {"event_id": "e", "conferencing": {"profile_id": "integrated"}}


@dataclass
class Request:
    raw: bytes
    headers: Pairs = field(default_factory=lambda: [JSON])

    @property
    def body(self) -> "Request":
        return self

    async def read(self, limit: int) -> bytes:
        assert limit
        return self.raw


def bodies(one: Kit) -> RuledBodies:
    callers = Callers(registry(A, ADDING), one.bindings, vault(one, A, ADDING), one.handles)
    posting = callbacks(one, registry(A, ADDING))
    return RuledBodies(callers, mode_rules(one, A, ADDING), posting, privileges(one, A, ADDING), 1_000)


def person(*clients: Client) -> Caller:
    return Caller(APPLICATION, clients or (A,), "token-1", "acc_1", is_person=True)


async def upsert(one: Kit, event: Any, calendar: str = "cal_pro_1") -> bytes:
    match = Match(BY_NAME["upsert_event"], {"calendar_id": calendar})
    ruled = await bodies(one).judge(Request(json.dumps(event).encode()), match, person())
    return ruled.body


@pytest.mark.parametrize(("provider", "refused"), [("google_free_busy", True), ("cronofy", True), ("google", False)])
async def test_integrated_conferencing_is_refused_where_the_mode_forbids_it(
    clock: FakeClock, provider: str, *, refused: bool
) -> None:
    one = kit(clock)
    one.cronofy.userinfos.append(userinfo_reply(pro_1=provider))
    if not refused:
        assert json.loads(await upsert(one, INTEGRATED)) == INTEGRATED
        return

    with pytest.raises(RequestRefused) as caught:
        await upsert(one, INTEGRATED)
    assert caught.value.code == Code.INTEGRATED_CONFERENCING_REFUSED
    assert list(caught.value.fields) == ["conferencing.profile_id"]


async def test_the_mode_is_that_of_the_very_calendar(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google", pro_2="google_free_busy"))
    await upsert(one, INTEGRATED, "cal_pro_1")

    with pytest.raises(RequestRefused):
        await upsert(one, INTEGRATED, "cal_pro_2")
    assert one.cronofy.count("userinfo") == 1


async def test_a_mode_older_than_a_minute_is_asked_again_before_a_refusal(clock: FakeClock) -> None:
    """The person may just have reconnected with more."""
    one = kit(clock)
    one.cronofy.userinfos.extend([userinfo_reply(pro_1="google_free_busy"), userinfo_reply(pro_1="google")])
    with pytest.raises(RequestRefused):
        await upsert(one, INTEGRATED)
    clock.pass_time(FRESH_FOR_REFUSAL)

    assert await upsert(one, INTEGRATED)
    assert one.cronofy.count("userinfo") == 2


async def test_an_unknown_mode_passes_since_cronofy_decides(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.userinfos.append(userinfo_reply())
    assert await upsert(one, INTEGRATED)


@pytest.mark.parametrize("profile_id", ["default", "explicit", "none", "pro_123", None, 7])
async def test_other_conferencing_passes_without_a_look_up(clock: FakeClock, profile_id: object) -> None:
    one = kit(clock)
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.NO_ACCESS))
    assert await upsert(one, {"conferencing": {"profile_id": profile_id}})
    assert one.cronofy.asked == []


@pytest.mark.parametrize(
    ("raw", "headers", "code"),
    [
        (b"[" * 100_000, [JSON], Code.INVALID_JSON),
        (b'{"a":1,"a":2}', [JSON], Code.DUPLICATE_KEY),
        (b"\xff\xfe", [JSON], Code.UNSUPPORTED_MEDIA_TYPE),
        (b"{}", [], Code.UNSUPPORTED_MEDIA_TYPE),
        (b"{}", [("Content-Type", "application/x-www-form-urlencoded")], Code.UNSUPPORTED_MEDIA_TYPE),
        (b"{}", [("Content-Type", "application/json; charset=utf-16")], Code.UNSUPPORTED_MEDIA_TYPE),
        (b"{}", [JSON, ("Content-Encoding", "br")], Code.UNSUPPORTED_MEDIA_TYPE),
    ],
)
async def test_what_cannot_be_read_in_one_way_only_is_refused(
    clock: FakeClock, raw: bytes, headers: Pairs, code: Code
) -> None:
    match = Match(BY_NAME["upsert_event"], {"calendar_id": "c"})
    with pytest.raises(RequestRefused) as caught:
        await bodies(kit(clock)).judge(Request(raw, headers), match, person())
    assert caught.value.code == code


async def test_the_same_bytes_go_on_where_nothing_had_to_change(clock: FakeClock) -> None:
    raw = b'{ "summary": "\\u00e9\\/" , "n": 1.0}'
    match = Match(BY_NAME["upsert_event"], {"calendar_id": "c"})
    ruled = await bodies(kit(clock)).judge(Request(raw), match, person())
    assert ruled.body == raw


async def test_each_delegated_account_has_to_ask_for_free_busy_write(clock: FakeClock) -> None:
    one = kit(clock)
    match = Match(BY_NAME["authorize_with_service_account"], {})
    entries = [{"email": "x@y.z", "callback_url": f"https://a.test/{n}", "scope": "read_only"} for n in range(2)]
    body = Request(json.dumps({"service_account_authorizations": entries}).encode())
    with pytest.raises(RequestRefused) as caught:
        await bodies(one).judge(body, match, person(A))
    assert caught.value.code == Code.SCOPE_REQUIRED
    assert sorted(caught.value.fields) == [f"service_account_authorizations[{n}].scope" for n in range(2)]
    assert await callbacks(one, registry(A)).book.find_passed_on(A, "https://a.test/0") is None

    sent = (await bodies(one).judge(body, match, person(ADDING))).body
    assert {entry["scope"] for entry in json.loads(sent)["service_account_authorizations"]} == {
        "read_only free_busy_write"
    }
    remembered = await callbacks(one, registry(A)).book.find_passed_on(ADDING, "https://a.test/1")
    assert remembered
    assert remembered.parent == "acc_1"


async def test_a_caller_that_cannot_be_told_gets_the_strict_policy(clock: FakeClock) -> None:
    match = Match(BY_NAME["authorize_delegated"], {})
    body = Request(json.dumps({"email": "x@y.z", "callback_url": "https://a.test/", "scope": "free_busy"}).encode())
    with pytest.raises(RequestRefused) as caught:
        await bodies(kit(clock)).judge(body, match, person(A, ADDING))
    assert caught.value.code == Code.SCOPE_REQUIRED


async def test_credentials_in_a_body_are_translated(clock: FakeClock) -> None:
    match = Match(BY_NAME["create_real_time_scheduling"], {})
    body = Request(json.dumps({"client_id": "a", "client_secret": "a-secret", "event": {}}).encode())
    ruled = await bodies(kit(clock)).judge(body, match, None)
    caller, sent = ruled.caller, ruled.body

    assert caller is not None
    assert (caller.client, caller.bearer) == (A, None)
    assert json.loads(sent) == {"client_id": "cronofy-id", "client_secret": "cronofy-secret", "event": {}}


async def test_a_batchs_items_are_refused_by_right_and_by_mode_together(clock: FakeClock) -> None:
    """Each is answered in its place: 403 where the client may not, 422 where the mode forbids it; the rest goes on."""
    one, few = kit(clock), client("few", operations=frozenset({"batch", "upsert_event"}))
    one.cronofy.userinfos.append(userinfo_reply(pro_1="google_free_busy"))
    callers = Callers(registry(A, few), one.bindings, vault(one, A, few), one.handles)
    posting = callbacks(one, registry(A, few))
    judge = RuledBodies(callers, mode_rules(one, A, few), posting, privileges(one, A, few), 10_000)
    url = "/v1/calendars/cal_pro_1/events"
    items = [
        {"method": "POST", "relative_url": url, "data": {"event_id": "e"}},
        {"method": "POST", "relative_url": url, "data": INTEGRATED},
        {"method": "DELETE", "relative_url": url, "data": INTEGRATED},
    ]
    ruled = await judge.judge(Request(json.dumps({"batch": items}).encode()), Match(BY_NAME["batch"], {}), person(few))

    assert {index: answer["status"] for index, answer in ruled.refused.items()} == {1: 422, 2: 403}
    assert json.loads(ruled.body) == {"batch": items[:1]}
    assert not ruled.nothing_left


async def test_an_id_that_an_app_chose_is_claimed_before_it_is_sent(clock: FakeClock) -> None:
    raw = b'{"smart_invite_id": "i"}'
    ruled = await bodies(kit(clock)).judge(Request(raw), Match(BY_NAME["save_smart_invite"], {}), person())
    assert ruled.claim is not None
    assert (ruled.claim.name.id, ruled.body) == ("i", raw)
