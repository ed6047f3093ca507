"""An import proves each line, stores it under the account that it is of, and loses no answer of Cronofy's."""

import asyncio

import pytest

from gateway.flows.import_turns import Stopped
from gateway.flows.ports import Lease
from gateway.flows.stored_connection import connection_id
from gateway.rules.access_mode import AccessMode
from gateway.rules.import_lines import ImportLine
from gateway.rules.import_outcomes import Outcome, Reason, Result
from gateway.rules.mode_policy import ModePolicy, OnOtherMode
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, client, connected, kit, refreshes, userinfo_reply
from tests.flows.moving import APP, DEAD, LINE, answer, bring, imports, knows, stored


async def test_one_refresh_and_one_look_up_make_a_connection(clock: FakeClock) -> None:
    one = kit(clock)
    knows(one)
    assert await bring(one) == Result(1, Outcome.IMPORTED, "acc_1")

    connection = await stored(one)
    assert connection is not None
    assert (connection.access_token, connection.refresh_token) == ("access-2", "refresh-2")
    assert (connection.scope, connection.expires_at) == ("free_busy_write", connection.obtained_at + 3600)
    for token in ("refresh-1", "refresh-2", "access-2"):
        binding = await one.bindings.find(token)
        assert binding is not None
        assert (binding.clients, binding.account, binding.imported) == (("app",), "acc_1", "refresh" in token)
    known = await one.modes.known(APPLICATION, "acc_1")
    assert known is not None
    assert (known.all(), known.whole) == ((AccessMode.FREE_BUSY,), True)
    assert [name for name, _ in one.cronofy.asked] == ["token main", "userinfo main"]


async def test_a_second_run_asks_cronofy_nothing(clock: FakeClock) -> None:
    """A line need not name its account: the binding of its refresh token does."""
    one = kit(clock)
    knows(one)
    await bring(one)
    asked = len(one.cronofy.asked)
    for line in (LINE, ImportLine("refresh-2"), ImportLine("refresh-1", "acc_1")):
        assert await bring(one, line) == Result(1, Outcome.ALREADY_THERE, "acc_1")
    assert len(one.cronofy.asked) == asked


async def test_a_connection_that_was_lost_is_tried_again(clock: FakeClock) -> None:
    one = kit(clock)
    knows(one)
    await bring(one)
    found = await one.connections.load(connection_id(APP, "acc_1"))
    assert found is not None
    await one.connections.require_reconnect(found, lost_by="young_401")
    clock.pass_time(3600)
    knows(one, "acc_1", answer("access-3", "refresh-3"))

    assert (await bring(one)).outcome is Outcome.IMPORTED
    connection = await stored(one)
    assert connection is not None
    assert (connection.state, connection.access_token) == ("active", "access-3")


async def test_again_proves_what_is_there(clock: FakeClock) -> None:
    """The old refresh token leads on to the newest one, which alone Cronofy is shown."""
    one = kit(clock)
    knows(one)
    await bring(one)
    clock.pass_time(4000)
    knows(one, "acc_1", answer("access-3", "refresh-3"))
    assert (await bring(one, again=True)).outcome is Outcome.IMPORTED
    assert [sent["refresh_token"] for name, sent in one.cronofy.asked if "token" in name] == ["refresh-1", "refresh-2"]


async def test_another_persons_line_is_stored_for_the_account_that_it_is_of(clock: FakeClock) -> None:
    """What Cronofy replaced must not be thrown away for a wrong `sub`, and nobody gets another's calendar."""
    one = kit(clock)
    knows(one, "acc_1")
    wrong = ImportLine("refresh-1", "acc_2")
    for _ in range(2):
        result = await bring(one, wrong)
        assert (result.outcome, result.sub) == (Outcome.OTHER_ACCOUNT, "acc_1")
        assert result.detail == "belongs to acc_1, not acc_2"
    assert await stored(one, "acc_1") is not None
    assert await stored(one, "acc_2") is None


@pytest.mark.parametrize(
    ("policy", "providers", "scope", "reasons"),
    [
        (ModePolicy(), {"pro_1": "google"}, "free_busy_write", ()),
        (ModePolicy(), {"pro_1": "google"}, "read_events", (Reason.UNGRANTED,)),
        (ModePolicy(frozenset({AccessMode.FREE_BUSY})), {"pro_1": "google"}, "free_busy_write", (Reason.OTHER_MODE,)),
        (
            ModePolicy(frozenset({AccessMode.FREE_BUSY}), on_other_mode=OnOtherMode.ALLOW),
            {"pro_1": "google"},
            "free_busy_write",
            (),
        ),
        (
            ModePolicy(frozenset({AccessMode.FREE_BUSY})),
            {"pro_1": "google", "pro_2": "google_free_busy"},
            "read_events",
            (Reason.UNGRANTED, Reason.OTHER_MODE),
        ),
    ],
)
async def test_an_older_connection_is_only_warned_about(
    clock: FakeClock, policy: ModePolicy, providers: dict[str, str], scope: str, reasons: tuple[Reason, ...]
) -> None:
    """As at a refresh: nobody who is connected loses anything by a rule that came later."""
    one = kit(clock)
    knows(one, "acc_1", answer(scope=scope), **providers)
    result = await bring(one, whose=client(modes=policy))

    assert (result.outcome, result.reasons) == (Outcome.IMPORTED, reasons)
    assert await stored(one) is not None
    assert one.cronofy.count("profile") == 0


async def test_the_lines_scope_counts_where_the_answer_has_none(clock: FakeClock) -> None:
    """RFC 6749 section 5.1: it may be left out where it is what was asked for."""
    one = kit(clock)
    knows(one, "acc_1", answer(scope=None))
    assert await bring(one, ImportLine("refresh-1", "", "free_busy_write")) == Result(1, Outcome.IMPORTED, "acc_1")
    connection = await stored(one)
    assert connection is not None
    assert connection.scope == "free_busy_write"


@pytest.mark.parametrize(("account", "provider"), [("ser_1", {}), ("apc_1", {"pro_1": "cronofy"})])
async def test_accounts_without_a_person_are_imported_as_well(
    clock: FakeClock, account: str, provider: dict[str, str]
) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(answer(scope="service_account/accounts/manage"))
    one.cronofy.userinfos.append(userinfo_reply(account, **provider))
    assert await bring(one, ImportLine("refresh-1", account)) == Result(1, Outcome.IMPORTED, account)


async def test_a_refused_token_is_the_persons_to_mend(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(DEAD)
    result = await bring(one, ImportLine("refresh-1", "acc_1"))
    assert (result.outcome, result.sub, result.reasons) == (Outcome.FAILED, "acc_1", (Reason.REFUSED,))
    assert await stored(one) is None
    assert await one.bindings.find("refresh-1") is None


async def test_a_refresh_that_a_running_gateway_is_making_is_shared(clock: FakeClock) -> None:
    one = kit(clock)
    knows(one)
    one.cronofy.token_gate = asyncio.Event()
    served = asyncio.ensure_future(refreshes(one).ask(APPLICATION, "refresh-1"))
    await one.cronofy.token_asked.wait()
    acquire, refused = one.store.acquire, asyncio.Event()

    async def acquiring(name: str, owner: str, seconds: float) -> Lease | None:
        if (lease := await acquire(name, owner, seconds)) is None:
            refused.set()
        return lease

    one.store.acquire = acquiring  # type: ignore[method-assign]
    bringing = asyncio.ensure_future(bring(one))
    await refused.wait()
    one.cronofy.token_gate.set()

    assert (await bringing).outcome is Outcome.IMPORTED
    connection = await stored(one)
    assert connection is not None
    assert connection.refresh_token == read_token_reply((await served).reply.body).refresh_token
    assert one.cronofy.count("token") == 1


async def test_a_sign_in_meanwhile_is_not_written_over(clock: FakeClock) -> None:
    """The person may have ended the imported authorization and begun a new one."""
    one = kit(clock)
    knows(one)
    one.cronofy.gate = asyncio.Event()
    bringing = asyncio.ensure_future(bring(one))
    await one.cronofy.token_asked.wait()
    await asyncio.sleep(0)
    clock.pass_time(1)
    await connected(one, APP, access="access-9", refresh="refresh-9")
    one.cronofy.gate.set()

    assert (await bringing).outcome is Outcome.IMPORTED
    connection = await stored(one)
    assert connection is not None
    assert connection.refresh_token == "refresh-9"


async def test_a_connection_that_cannot_be_opened_is_written_over(clock: FakeClock) -> None:
    one = kit(clock)
    knows(one)
    record_id = connection_id(APP, "acc_1")
    spoilt = await connected(one, APP)
    record = await one.store.get("connection", spoilt.id)
    assert record is not None
    await one.store.reseal("connection", record_id, record, b"spoilt", "")

    assert (await bring(one)).outcome is Outcome.IMPORTED
    assert await stored(one) is not None


async def test_the_journals_answer_is_found_when_the_account_is_erased(clock: FakeClock) -> None:
    """It holds tokens, and nobody knew whose when it was written."""
    one = kit(clock)
    knows(one)
    await bring(one)
    clock.pass_time(4000)
    knows(one, "acc_1", answer("access-3", "refresh-3"))
    await bring(one, again=True)
    about = next(record.account for (kind, _), record in one.store._records.items() if kind == "connection")
    journal = [record for (kind, _), record in one.store._records.items() if kind == "refresh"]
    assert [record.account for record in journal] == [about] * 2


async def test_two_clients_of_one_application_may_bring_the_same_person_in(clock: FakeClock) -> None:
    one, other = kit(clock), client("other")
    knows(one)
    await bring(one)
    one.cronofy.userinfos.append(userinfo_reply("acc_1"))
    assert (await bring(one, whose=other)).outcome is Outcome.IMPORTED

    assert await stored(one, whose=other) is not None
    assert one.cronofy.count("token") == 1
    binding = await one.bindings.find("refresh-1")
    assert binding is not None
    assert binding.clients == ("app", "other")


async def test_a_line_is_not_begun_when_the_import_is_to_stop(clock: FakeClock) -> None:
    one = kit(clock)
    story = imports(one)
    story.turns.stop.set()
    with pytest.raises(Stopped):
        await story.bring_in(APP, 1, LINE)
    assert one.cronofy.asked == []


async def test_a_line_under_way_is_finished_although_the_import_is_to_stop(clock: FakeClock) -> None:
    one = kit(clock)
    knows(one)
    story = imports(one)
    one.cronofy.token_gate = asyncio.Event()
    bringing = asyncio.ensure_future(story.bring_in(APP, 1, LINE))
    await one.cronofy.token_asked.wait()
    story.turns.stop.set()
    one.cronofy.token_gate.set()
    assert (await bringing).outcome is Outcome.IMPORTED
