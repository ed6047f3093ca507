"""`POST /auth/explain` over HTTP."""

import pytest

from gateway.rules.access_mode import AccessMode, Profile
from gateway.rules.token_reply import read_token_reply
from tests.flows.fake_upstream import FakeUpstream
from tests.flows.fakes import APPLICATION, Kit, client, connected, token_reply
from tests.web.conftest import Client

QUESTION = {
    "method": "post",
    "path": "/v1/calendars/cal_1/events",
    "body": {"conferencing": {"profile_id": "integrated"}},
}


@pytest.fixture(autouse=True)
async def _bound(one: Kit) -> None:
    tokens = read_token_reply(token_reply().body)
    await one.bindings.remember(client("a"), tokens, account="acc_1", scope="free_busy_write")
    await one.modes.learn(APPLICATION, "acc_1", Profile("pro_1", AccessMode.FREE_BUSY))


async def test_an_own_token_gets_the_explanation_and_nothing_is_sent(
    http: Client, one: Kit, upstream: FakeUpstream
) -> None:
    async with http.post("/auth/explain", json=QUESTION, headers={"Authorization": "Bearer access-1"}) as answer:
        told = await answer.json()
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
    assert (told["verdict"], told["fields"]) == ("refused", {"conferencing.profile_id": "free_busy"})
    assert upstream.sent == []
    assert one.cronofy.asked == []


@pytest.mark.parametrize("token", ["unknown", "a-secret", "None", ""])
async def test_a_foreign_and_an_unknown_token_are_answered_alike(http: Client, token: str) -> None:
    async with http.post("/auth/explain", json=QUESTION, headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 401
        assert (await answer.json(content_type=None))["code"] == "credentials_unknown"
        assert answer.headers["WWW-Authenticate"]


async def test_without_anything_nobody_is_signed_in(http: Client) -> None:
    async with http.post("/auth/explain", json=QUESTION) as answer:
        assert answer.status == 401


async def test_by_cookie_csrf_applies(http: Client) -> None:
    async with http.post("/auth/explain", json=QUESTION, headers={"Gateway-Client": "a"}) as answer:
        assert answer.status == 403
        assert (await answer.json(content_type=None))["code"] == "csrf_missing"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"method": "GET"}, 422),
        ({"path": "/v1/events"}, 422),
        ({"method": "FETCH", "path": "/v1/events"}, 422),
        ({"method": 1, "path": "/v1/events"}, 422),
        ([], 422),
        ({"method": "GET", "path": "/v1/nothing"}, 404),
        ({"method": "GET", "path": "http://evil.test/"}, 400),
    ],
)
async def test_a_question_that_cannot_be_understood_is_refused(http: Client, asked: object, status: int) -> None:
    async with http.post("/auth/explain", json=asked, headers={"Authorization": "Bearer access-1"}) as answer:
        assert answer.status == status


async def test_an_own_secret_explains_a_call_of_the_service_door(http: Client, one: Kit) -> None:
    whose = client("d", service_door=True)
    await connected(one, whose)
    headers = {"Authorization": "Bearer d-secret", "Gateway-Account": "acc_1"}
    async with http.post("/auth/explain", json=QUESTION, headers=headers) as answer:
        told = await answer.json()
        assert answer.status == 200
    assert (told["verdict"], told["scope_held"], told["access_mode"]) == ("refused", "free_busy_write", "free_busy")
    assert one.cronofy.asked == []


@pytest.mark.parametrize(
    ("secret", "account", "path", "code"),
    [
        ("d-secret", "acc_2", "/v1/events", "connection_unknown"),
        ("d-secret", "acc_1", "/v1/smart_invites", "account_header_refused"),
        ("b-secret", "acc_1", "/v1/events", "service_door_closed"),
        ("access-1", "acc_1", "/v1/events", "account_header_refused"),
    ],
)
async def test_explain_refuses_what_the_service_door_would(
    http: Client, one: Kit, secret: str, account: str, path: str, code: str
) -> None:
    await connected(one, client("d", service_door=True))
    headers = {"Authorization": f"Bearer {secret}", "Gateway-Account": account}
    async with http.post("/auth/explain", json={"method": "GET", "path": path}, headers=headers) as answer:
        assert answer.headers["Gateway-Error"] == code
