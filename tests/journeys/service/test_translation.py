"""Wherever an app shows this gateway's credential, Cronofy is shown the application's: never the one, never both.

Each line of the table is a way in which a Cronofy SDK or an OAuth library sends credentials.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote_plus, urlencode

import pytest

from tests.journeys.conftest import IMPATIENT
from tests.journeys.door.browser import send
from tests.journeys.stub_upstream import StubUpstream, json_reply
from tests.journeys.test_canary import APPLICATION, APPLICATION_SECRET
from tests.journeys.world import World, open_world, world_settings

ODD: Final = "odd"
# A secret whose characters mean something else where a library leaves the form-encoding of HTTP Basic out.
ODD_SECRET: Final = "odd+secret%2F-with/all~kinds-of=0123456789"
PLAIN, PLAIN_SECRET = "plain", "plain-secret-0123456789-abcdef"
ODD_APPLICATION: Final = "odd-application-id"
REFRESH: Final = {"grant_type": "refresh_token", "refresh_token": "stub-refresh-token"}
BOOKABLE: Final = "/v1/bookable_events"


@pytest.fixture
async def world(tmp_path: Path, stub: StubUpstream) -> AsyncIterator[World]:
    client: dict[str, Any] = {"any_loopback_redirect": True, "scope_policy": "add"}
    clients = {PLAIN: {**client, "secrets": [PLAIN_SECRET]}, ODD: {**client, "secrets": [ODD_SECRET]}}
    # Each has its application to itself, so that objects from before the gateway are its own.
    known = world_settings(store=tmp_path, port=1, cronofy_url=stub.url)["applications"]["main"]
    apart: dict[str, Any] = {"applications": {PLAIN: known, ODD: {**known, "client_id": ODD_APPLICATION}}}
    apart["clients"] = {name: {**one, "application": name} for name, one in clients.items()}
    async with open_world(tmp_path, cronofy_url=stub.url, upstream=IMPATIENT, **apart) as opened:
        for name, secret in ((PLAIN, PLAIN_SECRET), (ODD, ODD_SECRET)):
            fields = {"client_id": name, "client_secret": secret, "grant_type": "authorization_code"}
            fields |= {"code": "c", "redirect_uri": "http://127.0.0.1:9/cb"}
            async with opened.session.post(f"{opened.gateway}/oauth/token", json=fields) as answer:
                assert answer.status == 200
        stub.calls.clear()
        yield opened


def basic(user: str, password: str, *, encoded: bool) -> str:
    pair = (quote_plus(user), quote_plus(password)) if encoded else (user, password)
    return "Basic " + b64encode(":".join(pair).encode()).decode()


def application_of(way: "Way") -> str:
    """Return the client id of the application whose client shows its credentials."""
    scheme, _, rest = way.authorization.partition(" ")
    pair = b64decode(rest).decode() if scheme == "Basic" and rest != "!!!" else ""
    shown = {unquote_plus(pair.partition(":")[0]), (way.body or {}).get("client_id")}
    return ODD_APPLICATION if ODD in shown else APPLICATION


@dataclass(frozen=True)
class Way:
    """A way to show credentials; `found` is where Cronofy has to see the application's."""

    found: str
    path: str
    body: dict[str, Any] | None = None
    form: bool = False
    authorization: str = ""
    method: str = "POST"
    query: dict[str, str] = field(default_factory=dict)


def in_body(secret: str = PLAIN_SECRET, client: str = PLAIN) -> dict[str, str]:
    return {"client_id": client, "client_secret": secret}


BEARER: Final = f"Bearer {PLAIN_SECRET}"
JUNK: Final = ("", "Bearer None", "Bearer undefined", "Bearer null", "Bearer an-old-token", "Basic !!!")
TOKEN_BODIES: Final[dict[str, dict[str, Any]]] = {
    **{f"json, {junk or 'none'}": {"body": REFRESH | in_body(), "authorization": junk} for junk in JUNK},
    "form": {"body": REFRESH | in_body(), "form": True},
    "form, odd": {"body": REFRESH | in_body(ODD_SECRET, ODD), "form": True, "authorization": "Bearer undefined"},
    "basic": {"body": REFRESH, "form": True, "authorization": basic(PLAIN, PLAIN_SECRET, encoded=True)},
    "basic, json": {"body": REFRESH, "authorization": basic(PLAIN, PLAIN_SECRET, encoded=True)},
    "basic, odd, encoded": {"body": REFRESH, "authorization": basic(ODD, ODD_SECRET, encoded=True)},
    "basic, odd, as it is": {"body": REFRESH, "authorization": basic(ODD, ODD_SECRET, encoded=False)},
    "basic, id in the body": {
        "body": REFRESH | {"client_id": ODD},
        "form": True,
        "authorization": basic(ODD, ODD_SECRET, encoded=False),
    },
}
TOKEN_WAYS: Final = {
    f"{path.rpartition('/')[2]} {name}": Way("body", path, **more)
    for path in ("/oauth/token", "/oauth/token/revoke")
    for name, more in TOKEN_BODIES.items()
}
BODY_WAYS: Final = {
    f"{path} {junk or 'none'}": Way("body", path, body={"x": 1} | in_body(), authorization=junk)
    for path in (
        "/v1/real_time_scheduling",
        "/v1/real_time_sequencing",
        "/v1/add_to_calendar",
        "/v1/application_calendars",
    )
    for junk in (*JUNK, BEARER)
}
KEY_WAYS: Final = {
    f"{method} {path} as Bearer": Way("header", path, method=method, authorization=BEARER, body=body)
    for method, path, body in (
        ("POST", "/v1/real_time_scheduling", {"x": 1}),
        ("POST", "/v1/real_time_sequencing", {"x": 1}),
        ("GET", "/v1/smart_invites", None),
        ("POST", "/v1/availability", {"x": 1}),
        ("POST", "/v1/attachments", {"x": 1}),
        ("POST", BOOKABLE, {"x": 1}),
        ("GET", f"{BOOKABLE}/1", None),
        ("POST", f"{BOOKABLE}/1/registrations", {"x": 1}),
        ("DELETE", f"{BOOKABLE}/1/registrations/2", {"x": 1}),
    )
}
BEARER_WAYS: Final = {
    f"{method} {path} {where}, {junk or 'none'}": Way(
        "header",
        path,
        method=method,
        authorization=junk,
        query={"a": "1", "bearer_token": PLAIN_SECRET} if where != "body" else {},
        body={"x": 1, "bearer_token": PLAIN_SECRET} if where != "query" else ({"x": 1} if method != "GET" else None),
    )
    for method, path, places in (
        ("POST", BOOKABLE, ("query", "body", "both")),
        ("GET", f"{BOOKABLE}/1", ("query",)),
        ("POST", f"{BOOKABLE}/1/registrations", ("query", "body", "both")),
        ("DELETE", f"{BOOKABLE}/1/registrations/2", ("query", "body", "both")),
    )
    for where in places
    for junk in ("", "Bearer None", "Bearer undefined", "Basic !!!", BEARER)
}
WAYS: Final = TOKEN_WAYS | BODY_WAYS | KEY_WAYS | BEARER_WAYS


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_the_applications_credential_takes_the_place_of_the_clients(
    world: World, stub: StubUpstream, way: Way
) -> None:
    stub.on("/v1/application_calendars", json_reply(200, {"sub": "apc_1", **TOKEN_SET}))
    headers = [("Authorization", way.authorization)] if way.authorization else []
    more: dict[str, Any] = {}
    if way.body is not None:
        more = {"data": urlencode(way.body).encode()} if way.form else {"data": json.dumps(way.body).encode()}
        headers.append(("Content-Type", "application/x-www-form-urlencoded" if way.form else "application/json"))
    query = f"?{urlencode(way.query)}" if way.query else ""
    answer = await send(world.session, way.method, f"{world.gateway}{way.path}{query}", headers, **more)

    assert answer.status == 200, (answer.status, answer.body)
    (call,) = stub.calls_to(way.path)
    seen = call.head + bytes(call.body)
    for spelling in (PLAIN_SECRET, ODD_SECRET, quote(ODD_SECRET, safe=""), quote_plus(ODD_SECRET), "bearer_token"):
        assert spelling.encode() not in seen
    assert seen.count(APPLICATION_SECRET.encode()) == 1
    assert APPLICATION_SECRET not in call.target
    if way.found == "header":
        assert call.header("authorization") == f"Bearer {APPLICATION_SECRET}"
        assert call.target == way.path + ("?a=1" if way.query else "")
        assert not call.body or json.loads(bytes(call.body)) == {"x": 1}
        return
    assert call.header("authorization") is None
    sent = json.loads(bytes(call.body))
    assert (sent["client_id"], sent["client_secret"]) == (application_of(way), APPLICATION_SECRET)


TOKEN_SET: Final = {"access_token": "apc-access", "refresh_token": "apc-refresh", "expires_in": 3600, "scope": ""}


@pytest.mark.parametrize(
    ("authorization", "query", "body", "status", "code"),
    [
        (BEARER, f"bearer_token={quote_plus('stub-access-token')}", None, 400, "credentials_differ"),
        (BEARER, "", {"bearer_token": "stub-access-token"}, 400, "credentials_differ"),
        ("Bearer stub-access-token", f"bearer_token={PLAIN_SECRET}", None, 400, "credentials_differ"),
        ("", f"bearer_token={PLAIN_SECRET}", {"bearer_token": "stub-access-token"}, 400, "credentials_differ"),
        (BEARER, "bearer_token=a&bearer_token=a", None, 400, "parameter_repeated"),
        (BEARER, "bearer_token[]=a", None, 400, "parameter_repeated"),
        ("", "", {"x": 1}, 401, "credentials_missing"),
        ("Bearer undefined", "bearer_token=undefined", {"bearer_token": None}, 401, "credentials_missing"),
        ("Bearer undefined", "", None, 401, "credentials_missing"),
    ],
)
async def test_what_is_not_one_credential_is_refused(
    world: World,
    stub: StubUpstream,
    authorization: str,
    query: str,
    body: dict[str, Any] | None,
    status: int,
    code: str,
) -> None:
    headers = [("Authorization", authorization)] if authorization else []
    more = {} if body is None else {"json": body}
    answer = await send(world.session, "POST", f"{world.gateway}{BOOKABLE}?{query}", headers, **more)
    assert (answer.status, answer.code) == (status, code)
    assert stub.calls == []
    assert b"secret" not in answer.body
    assert b"stub-access-token" not in answer.body


@pytest.mark.parametrize("path", ["/v1/add_to_calendar", "/v1/application_calendars"])
@pytest.mark.parametrize("body", [{"x": 1}, {"client_id": PLAIN}, {"client_id": PLAIN, "client_secret": "wrong"}])
async def test_a_secret_as_bearer_is_not_enough_where_cronofy_takes_the_body_only(
    world: World, stub: StubUpstream, path: str, body: dict[str, Any]
) -> None:
    answer = await send(world.session, "POST", world.gateway + path, [("Authorization", BEARER)], json=body)
    assert answer.status == 401
    assert answer.code.startswith("credentials_")
    assert stub.calls == []


@pytest.mark.parametrize("encoded", [True, False])
async def test_a_wrong_secret_by_basic_is_a_401_that_asks_for_basic(world: World, *, encoded: bool) -> None:
    headers = [("Authorization", basic(ODD, ODD_SECRET + "x", encoded=encoded))]
    headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    answer = await send(
        world.session, "POST", f"{world.gateway}/oauth/token", headers, data=urlencode(REFRESH).encode()
    )
    assert (answer.status, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
