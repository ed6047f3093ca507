"""Sessions in cookie shape: sealed for one client, good until they expire, never larger than browsers take."""

from typing import Any

import pytest

from gateway.adapters.key_ring import generate_key, parse_key_ring
from gateway.adapters.sealing import AesGcmSealer
from gateway.adapters.store_memory import MemoryStore
from gateway.flows.carried_connections import CarriedConnections
from gateway.flows.cookie_sessions import MOST_COOKIE_BYTES, PURPOSE, CookieSession, CookieSessions
from gateway.flows.own_sessions import OwnSessions
from gateway.flows.ports import Sealer
from gateway.flows.sealed_records import SealedRecords
from gateway.flows.stored_connection import Stored
from gateway.rules.cookie_text import as_cookie, of_cookie
from gateway.rules.cookies import CookieNames
from gateway.rules.error_codes import Code
from gateway.rules.errors import GatewayError
from gateway.rules.session_times import Lifetimes
from gateway.rules.token_reply import read_token_reply
from tests.clock import FakeClock
from tests.flows.fakes import client, token_reply

A, B = client("a"), client("b")
IDLE, ABSOLUTE = 600.0, 3_600.0
NAMES = CookieNames(secure=True)
SEALER = AesGcmSealer(parse_key_ring(generate_key()))


class Process:
    """What one process knows; it is started with an empty memory."""

    def __init__(self, clock: FakeClock, sealer: Sealer = SEALER) -> None:
        records = SealedRecords(MemoryStore(clock), sealer)
        self.connections = CarriedConnections(records, clock, kept=86_400)
        self.sessions = CookieSessions(records, self.connections, clock, Lifetimes(IDLE, ABSOLUTE), NAMES)
        self.own = OwnSessions(self.sessions, clock)

    async def sign_in(self, **changes: Any) -> str:
        """Return the cookie of a sign-in at client a."""
        stored = await self.connect(**changes)
        return await self.sessions.issue(A, {"connection": stored.id, "account": "acc_1", "profile": None})

    async def connect(self, **changes: Any) -> Stored:
        return await self.connections.connect(A, read_token_reply(token_reply(**changes).body))

    async def found(self, value: str, *, slide: bool = True) -> CookieSession:
        session = await self.sessions.open(A, value, slide=slide)
        assert session is not None
        return session

    async def renewed(self, value: str, *, slide: bool = True) -> str | None:
        return await self.sessions.renewed(A, await self.found(value, slide=slide), slide=slide)


@pytest.fixture
def process(clock: FakeClock) -> Process:
    return Process(clock)


async def test_a_session_and_its_connection_come_out_as_they_went_in(process: Process, clock: FakeClock) -> None:
    """In a process that was just started too: nothing but the key is needed."""
    value, later = await process.sign_in(), Process(clock)
    session = await later.found(value)
    stored = await later.connections.load(session.data["connection"])

    assert session.data["account"] == "acc_1"
    assert (session.created_at, session.seen_at) == (clock.now(), clock.now())
    assert stored is not None
    assert stored.connection == session.connection
    assert (stored.connection.access_token, stored.connection.refresh_token) == ("access-1", "refresh-1")


async def test_nothing_can_be_read_in_it_and_no_text_shows_its_id(process: Process) -> None:
    value = await process.sign_in()
    session = await process.found(value)

    assert not any(word in of_cookie(value) for word in (b"access-1", b"refresh-1", b"acc_1", session.id.encode()))
    assert not any(word in repr(session) for word in ("access-1", "refresh-1", session.id))


async def test_every_session_has_a_new_id_and_every_cookie_another_text(process: Process) -> None:
    values = [await process.sign_in() for _ in range(50)]
    ids = {(await process.found(one)).id for one in values}

    assert len(ids) == len(set(values)) == 50
    assert min(map(len, ids)) >= 22  # 128 bits


async def test_whatever_is_changed_in_it_it_is_nothing(process: Process) -> None:
    """Always the same, whatever is wrong: each byte of the sealed text, and each end of it."""
    value = await process.sign_in()
    sealed = of_cookie(value)
    flipped = (sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed)))
    for spoilt in (*flipped, sealed[:-1], sealed[1:], sealed + b"\0", b"", sealed[:30]):
        assert await process.sessions.open(A, as_cookie(spoilt)) is None


@pytest.mark.parametrize(
    "spell",
    [
        lambda value: value + "=" * (-len(value) % 4 or 4),
        lambda value: f"{value[:9]} {value[9:]}",
        lambda value: f"{value}.",
        lambda value: f'"{value}"',
        lambda value: value + "A" * MOST_COOKIE_BYTES,
        lambda _value: "é\udcff",
    ],
)
async def test_another_spelling_is_nothing(process: Process, spell: Any) -> None:
    assert await process.sessions.open(A, spell(await process.sign_in())) is None


async def test_it_is_good_for_its_client_its_purpose_and_its_keys_only(process: Process, clock: FakeClock) -> None:
    value = await process.sign_in()
    assert await process.sessions.open(B, value) is None
    assert await Process(clock, AesGcmSealer(parse_key_ring(generate_key()))).sessions.open(A, value) is None
    plain = SEALER.open(of_cookie(value), purpose=PURPOSE, client="a", record_id="")
    for purpose, name in (("session", "a"), ("flow", ""), (PURPOSE, "")):
        sealed = SEALER.seal(plain, purpose=purpose, client=name, record_id="")
        assert await process.sessions.open(A, as_cookie(sealed)) is None
    other = SEALER.seal(b'["of another version"]', purpose=PURPOSE, client="a", record_id="")
    assert await process.sessions.open(A, as_cookie(other)) is None


async def test_a_session_sealed_with_an_older_key_opens_and_goes_on_with_the_newest(clock: FakeClock) -> None:
    old, new = generate_key(), generate_key()
    value = await Process(clock, AesGcmSealer(parse_key_ring(old))).sign_in()
    rotated = Process(clock, AesGcmSealer(parse_key_ring(f"{new};{old}")))
    clock.pass_time(60)
    fresh = await rotated.renewed(value)
    assert fresh is not None

    assert await Process(clock, AesGcmSealer(parse_key_ring(new))).sessions.open(A, fresh) is not None


async def test_it_ends_without_use(process: Process, clock: FakeClock) -> None:
    value = await process.sign_in()
    clock.pass_time(IDLE - 1)
    assert process.sessions.times(await process.found(value), slide=False).idle_expires_in == 1
    fresh = await process.renewed(value)
    assert fresh is not None
    clock.pass_time(1)

    assert await process.sessions.open(A, value) is None
    assert process.sessions.times(await process.found(fresh), slide=False).idle_expires_in == IDLE - 1


async def test_it_ends_in_any_case(process: Process, clock: FakeClock) -> None:
    value = await process.sign_in()
    for _ in range(int(ABSOLUTE / 300) - 1):
        clock.pass_time(300)
        fresh = await process.renewed(value)
        assert fresh is not None
        value = fresh
    clock.pass_time(299)
    assert process.sessions.times(await process.found(value), slide=True).idle_expires_in == 1
    clock.pass_time(1)

    assert await process.sessions.open(A, value) is None


@pytest.mark.parametrize(("seconds", "slide", "new"), [(59, True, False), (60, True, True), (60, False, False)])
async def test_a_use_is_written_as_seldom_as_in_record_shape(
    process: Process, clock: FakeClock, *, seconds: float, slide: bool, new: bool
) -> None:
    value = await process.sign_in()
    clock.pass_time(seconds)
    times = process.sessions.times(await process.found(value, slide=slide), slide=slide)

    assert (await process.renewed(value, slide=slide) is not None) is new
    assert times.idle_expires_in == (IDLE if new else IDLE - seconds)


async def test_newer_tokens_ask_for_a_new_cookie_also_without_a_use(process: Process, clock: FakeClock) -> None:
    value = await process.sign_in()
    session = await process.found(value)
    clock.pass_time(1)
    await process.connect(access="access-2")
    fresh = await process.sessions.renewed(A, session, slide=False)
    assert fresh is not None
    after = await process.found(fresh)

    assert (after.id, after.created_at, after.seen_at) == (session.id, session.created_at, session.seen_at)
    assert after.connection.access_token == "access-2"
    assert await process.renewed(fresh, slide=False) is None


async def test_a_connection_that_is_gone_leaves_what_the_cookie_holds(process: Process, clock: FakeClock) -> None:
    """The session goes on and says that the person has to connect again."""
    value = await process.sign_in()
    session = await process.found(value)
    await process.connections.forget(session.data["connection"])
    assert await process.renewed(value) is None
    clock.pass_time(60)
    fresh = await process.renewed(value)
    assert fresh is not None

    assert (await process.found(fresh)).connection == session.connection
    assert await process.connections.load(session.data["connection"]) is None
    with pytest.raises(GatewayError, match="reconnect_required"):
        await process.sessions.issue(A, session.data)


async def test_changed_data_goes_on_under_the_same_id_with_the_newest_tokens(
    process: Process, clock: FakeClock
) -> None:
    session = await process.found(await process.sign_in())
    clock.pass_time(1)
    await process.connect(access="access-2")
    fresh = await process.sessions.renewed(A, session, slide=True, data={**session.data, "basket": 1})
    assert fresh is not None
    after = await process.found(fresh)

    assert (after.id, after.data, after.seen_at) == (session.id, {**session.data, "basket": 1}, clock.now())
    assert after.connection.access_token == "access-2"


async def test_name_and_value_together_have_a_limit(process: Process) -> None:
    """Browsers drop a cookie that is too large without a word, so a broken one is never made."""
    session = await process.found(await process.sign_in())
    size, largest = 2_000, 0
    while (cookie := await fits(process, {**session.data, "more": "x" * size})) is not None:
        size, largest = size + 1, len(NAMES.session("a")) + len(cookie)
        assert await process.sessions.open(A, cookie) is not None

    assert MOST_COOKIE_BYTES - 2 <= largest <= MOST_COOKIE_BYTES
    with pytest.raises(GatewayError) as caught:
        await process.sessions.renewed(A, session, slide=True, data={**session.data, "more": "x" * size})
    assert (caught.value.code, "bytes" in caught.value.detail) == (Code.SESSION_TOO_LARGE, True)


async def fits(process: Process, data: dict[str, Any]) -> str | None:
    """Return the cookie of a session that holds this, or None where there can be none."""
    try:
        return await process.sessions.issue(A, data)
    except GatewayError:
        return None


async def test_an_ordinary_session_is_far_below_the_limit(process: Process) -> None:
    """Cronofy's tokens have 32 characters; every scope and a long name are in here."""
    scope = (
        "read_account list_calendars read_events create_event delete_event read_free_busy change_participation_status"
    )
    stored = await process.connect(
        access="a" * 32, refresh="r" * 32, scope=f"{scope} free_busy_write", sub="acc_" + "0" * 24
    )
    profile = {"profile_id": "pro_" + "0" * 16, "profile_name": "n" * 60, "provider_name": "google_free_busy"}
    data = {"connection": stored.id, "account": stored.connection.account, "profile": profile, "user_agent": "u" * 120}

    assert len(await process.sessions.issue(A, data)) < MOST_COOKIE_BYTES / 2
