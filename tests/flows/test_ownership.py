"""Whose accounts and objects a call names."""

import json
from typing import Any

import pytest

from gateway.flows.callers import Caller
from gateway.flows.object_book import ObjectBook
from gateway.flows.ownership import Claim, Ownership
from gateway.flows.ports import VersionMoved
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operations import OPERATIONS, Match
from gateway.rules.owned_objects import ObjectName
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, client, connected, kit, ownership, token_reply

BY_NAME = {one.name: one for one in OPERATIONS}
PAGES = "https://app.test"
A, B = client("a", origins=frozenset({PAGES})), client("b")
ITEM = {"data": {"attachments": {"create": [{"attachment_id": "att_1"}]}}}


def key(*clients: Client) -> Caller:
    return Caller(APPLICATION, clients, "cronofy-secret", "", is_person=False)


def person(*clients: Client, account: str = "acc_own") -> Caller:
    return Caller(APPLICATION, clients, "access-1", account, is_person=True)


def both(one: Kit) -> Ownership:
    return ownership(one, A, B)


async def target(judge: Ownership, name: str, caller: Caller, query: str = "", **values: str) -> Code | None:
    try:
        await judge.check_target(Match(BY_NAME[name], values), query, [], caller)
    except RequestRefused as refused:
        return refused.code
    return None


async def body(judge: Ownership, name: str, caller: Caller, sent: Any) -> Code | None:
    try:
        await judge.check_body(Match(BY_NAME[name], {}), sent, caller)
    except RequestRefused as refused:
        return refused.code
    return None


async def _bind(one: Kit, whose: Client, account: str) -> None:
    tokens = read_token_reply(token_reply(f"access-{account}", f"refresh-{account}").body)
    await one.bindings.remember(whose, tokens, account=account, scope="s")


async def test_a_connection_or_a_token_makes_an_account_a_clients_own(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await connected(one, A, sub="acc_stored")
    await _bind(one, A, "acc_bound")
    names = {"subs": ["acc_stored", "acc_bound"]}
    assert await body(both(one), "availability", key(A), names) is None
    await one.connections.require_reconnect(stored, lost_by="refused")
    assert await body(both(one), "availability", key(A), names) is None


async def test_another_clients_account_and_nobodys_get_the_same_answer(clock: FakeClock) -> None:
    """Or a client could find out who else uses the application."""
    one = kit(clock)
    await connected(one, B, sub="acc_theirs")
    await _bind(one, B, "acc_bound")
    answers = []
    for account in ("acc_theirs", "acc_bound", "acc_nobody"):
        with pytest.raises(RequestRefused) as caught:
            await both(one).check_body(Match(BY_NAME["availability"], {}), {"subs": [account, "acc_own"]}, person(A))
        assert caught.value.code is Code.ACCOUNT_NOT_CONNECTED
        assert account in caught.value.public
        assert "acc_own" not in caught.value.public
        answers.append(caught.value.public.replace(account, ""))
    assert len(set(answers)) == 1


async def test_two_clients_with_the_same_account_stay_apart(clock: FakeClock) -> None:
    one = kit(clock)
    stored = await connected(one, A, sub="acc_1")
    await connected(one, B, sub="acc_1")
    await one.connections.forget(stored.id)
    assert await body(both(one), "availability", key(A), {"subs": ["acc_1"]}) is Code.ACCOUNT_NOT_CONNECTED
    assert await body(both(one), "availability", key(B), {"subs": ["acc_1"]}) is None


async def test_a_token_of_several_clients_names_what_is_all_of_theirs(clock: FakeClock) -> None:
    """The one that is really calling must not borrow from the others."""
    one = kit(clock)
    await connected(one, A, sub="acc_1")
    assert await body(both(one), "availability", person(A, B), {"subs": ["acc_own"]}) is None
    assert await body(both(one), "availability", person(A, B), {"subs": ["acc_1"]}) is Code.ACCOUNT_NOT_CONNECTED
    await connected(one, B, sub="acc_1")
    assert await body(both(one), "availability", person(A, B), {"subs": ["acc_1"]}) is None
    assert await body(both(one), "availability", person(account=""), {"subs": ["acc_1"]}) is Code.ACCOUNT_NOT_CONNECTED


async def test_the_only_client_of_an_application_names_whom_it_likes(clock: FakeClock) -> None:
    """Accounts from before the gateway are its own: nobody else is there."""
    assert await body(ownership(kit(clock), A), "availability", key(A), {"subs": ["acc_before"]}) is None


async def test_many_names_are_told_in_part_and_in_plain_ascii(clock: FakeClock) -> None:
    names = ["acc_\u202e\n", *(f"acc_{number}" for number in range(40))]
    with pytest.raises(RequestRefused) as caught:
        await both(kit(clock)).check_body(Match(BY_NAME["availability"], {}), {"subs": names}, key(A))
    assert "and 21 more" in caught.value.public
    assert caught.value.public.isascii()
    assert caught.value.public.isprintable()


@pytest.mark.parametrize(
    ("origin", "refused"),
    [
        (PAGES, False),
        (None, False),
        ("", False),
        (PAGES + "/", True),
        ("https://APP.test", True),
        ("https://evil.test", True),
        ([PAGES], True),
        ({"0": PAGES}, True),
    ],
)
async def test_an_element_token_is_for_a_registered_origin(clock: FakeClock, origin: Any, *, refused: bool) -> None:
    found = await body(ownership(kit(clock), A), "create_element_token", key(A), {"origin": origin})
    assert found is (Code.ORIGIN_REFUSED if refused else None)
    if origin == PAGES:
        assert await body(both(kit(clock)), "create_element_token", key(B), {"origin": PAGES}) is Code.ORIGIN_REFUSED


async def test_what_was_made_belongs_to_who_made_it(clock: FakeClock) -> None:
    judge = both(kit(clock))
    made = {"real_time_scheduling": {"real_time_scheduling_id": "sch_1", "url": "https://app.test/rts/tok"}}
    await judge.learn(Match(BY_NAME["create_real_time_scheduling"], {}), json.dumps(made).encode(), key(A))
    for name, query, values in (
        ("real_time_scheduling", "", {"id": "sch_1"}),
        ("disable_real_time_scheduling", "", {"id": "sch_1"}),
        ("disable_real_time_sequencing", "", {"id": "sch_1"}),
        ("find_real_time_scheduling", "token=tok", {}),
    ):
        assert await target(judge, name, key(A), query, **values) is None
        assert await target(judge, name, key(B), query, **values) is Code.OBJECT_UNKNOWN


@pytest.mark.parametrize("reply", [b"", b"{", b"[]", b'{"real_time_scheduling":7}', b"\xff", b"[" * 5_000])
async def test_an_answer_that_cannot_be_read_is_no_failure(clock: FakeClock, reply: bytes) -> None:
    """It goes on as it is: told otherwise, the app would make a second one."""
    await both(kit(clock)).learn(Match(BY_NAME["create_real_time_scheduling"], {}), reply, key(A))


async def test_an_unseen_object_is_refused_where_clients_share_and_adopted_where_not(clock: FakeClock) -> None:
    one = kit(clock)
    assert await target(both(one), "bookable_event", key(A), id="before") is Code.OBJECT_UNKNOWN
    assert await target(ownership(one, A), "bookable_event", key(A), id="before") is None
    # A second client comes to the application later.
    assert await target(both(one), "bookable_event", key(A), id="before") is None
    assert await target(both(one), "bookable_event", key(B), id="before") is Code.OBJECT_UNKNOWN
    # What is another's stays so for one that is alone for now: the other may only be switched off.
    assert await target(ownership(one, B), "bookable_event", key(B), id="before") is Code.OBJECT_UNKNOWN


async def test_a_look_up_without_an_id_is_refused_where_it_could_list_everybodys(clock: FakeClock) -> None:
    assert await target(both(kit(clock)), "find_real_time_scheduling", key(A)) is Code.OBJECT_UNKNOWN
    assert await target(ownership(kit(clock), A), "find_real_time_scheduling", key(A)) is None
    assert await target(both(kit(clock)), "scheduling_requests", key(A)) is Code.OPERATION_REFUSED
    assert await target(both(kit(clock)), "scheduling_requests", person(A)) is None
    assert await target(ownership(kit(clock), A), "scheduling_requests", key(A)) is None
    match = Match(BY_NAME["scheduling_requests"], {})
    await both(kit(clock)).check_target(match, "", [("Cronofy-Impersonate", "acc_1")], key(A))


async def claim(judge: Ownership, caller: Caller, **sent: Any) -> Claim | None:
    return await judge.check_body(Match(BY_NAME["save_smart_invite"], {}), {"smart_invite_id": "i", **sent}, caller)


async def test_who_comes_first_owns_a_chosen_id(clock: FakeClock) -> None:
    judge = both(kit(clock))
    assert await claim(judge, key(A)) is not None
    with pytest.raises(RequestRefused) as caught:
        await claim(judge, key(B))
    assert caught.value.code is Code.OBJECT_ID_TAKEN
    assert "client" not in caught.value.public
    with pytest.raises(RequestRefused) as caught:
        await claim(judge, key(B), method="cancel")
    assert caught.value.code is Code.OBJECT_UNKNOWN
    assert await claim(judge, key(A), method="cancel") is None
    assert await target(judge, "smart_invite", key(A), "smart_invite_id=i") is None
    assert await target(judge, "smart_invite", key(B), "smart_invite_id=i") is Code.OBJECT_UNKNOWN


async def test_to_cancel_an_unseen_one_is_for_the_only_client(clock: FakeClock) -> None:
    one = kit(clock)
    with pytest.raises(RequestRefused) as caught:
        await claim(both(one), key(A), method="remove")
    assert caught.value.code is Code.OBJECT_UNKNOWN
    assert await claim(ownership(one, A), key(A), method="remove") is not None


@pytest.mark.parametrize(("status", "kept"), [(202, True), (422, False), (401, False), (500, True)])
async def test_an_id_that_cronofy_refuses_is_given_back(clock: FakeClock, status: int, *, kept: bool) -> None:
    """A 5xx does not say whether something was made."""
    judge = both(kit(clock))
    claimed = await claim(judge, key(A))
    assert claimed is not None
    await judge.settle(claimed, status)
    found = await target(judge, "smart_invite", key(A), "smart_invite_id=i")
    assert found is (None if kept else Code.OBJECT_UNKNOWN)


async def test_a_refusal_does_not_give_back_what_a_later_call_uses(clock: FakeClock) -> None:
    judge = both(kit(clock))
    first = await claim(judge, key(A))
    assert await claim(judge, key(A)) is None
    assert first is not None
    await judge.settle(first, 422)
    assert await target(judge, "smart_invite", key(A), "smart_invite_id=i") is None


class Overtaken(ObjectBook):
    """Somebody else writes between the look and the claim."""

    other = "b"

    async def take(self, application: str, name: ObjectName, clients: tuple[str, ...], *, expected: int) -> int:
        if self.other:
            other, self.other = self.other, ""
            await super().take(application, name, (other,), expected=0)
            raise VersionMoved
        return await super().take(application, name, clients, expected=expected)


@pytest.mark.parametrize("other", ["a", "b"])
async def test_of_two_at_once_one_is_first(clock: FakeClock, other: str) -> None:
    one = kit(clock)
    book = Overtaken(one.records, clock)
    book.other = other
    judge = Ownership(both(one).registry, one.bindings, one.connections, book)
    if other == "a":
        assert await claim(judge, key(A)) is None
        return
    with pytest.raises(RequestRefused) as caught:
        await claim(judge, key(A))
    assert caught.value.code is Code.OBJECT_ID_TAKEN


async def test_attachments_are_their_clients_in_events_and_in_items_of_a_batch(clock: FakeClock) -> None:
    one = kit(clock)
    judge = both(one)
    await judge.learn(Match(BY_NAME["create_attachment"], {}), b'{"attachment":{"attachment_id":"att_1"}}', key(A))
    assert await body(judge, "upsert_event", person(A), ITEM["data"]) is None
    assert await body(judge, "upsert_event", person(B), ITEM["data"]) is Code.OBJECT_UNKNOWN
    assert await judge.owns_attachments(ITEM, person(A))
    assert not await judge.owns_attachments(ITEM, person(B))
    assert not await judge.owns_attachments({"data": {"attachment_id": 7}}, person(A))
    # A batch as a whole is judged item by item.
    assert await body(judge, "batch", person(B), {"batch": [ITEM]}) is None


async def test_what_a_token_of_several_clients_makes_is_all_of_theirs(clock: FakeClock) -> None:
    judge = both(kit(clock))
    made = b'{"scheduling_request":{"scheduling_request_id":"r"}}'
    await judge.learn(Match(BY_NAME["create_scheduling_request"], {}), made, person(A, B))
    for caller in (key(A), key(B), person(A, B)):
        assert await target(judge, "scheduling_request", caller, id="r") is None
    await judge.learn(Match(BY_NAME["create_scheduling_request"], {}), made.replace(b'"r"', b'"s"'), person())
    assert await target(judge, "scheduling_request", key(A), id="s") is Code.OBJECT_UNKNOWN
