"""What an element token lets in."""

import pytest

from tests.emulator.visitor import Json, Visitor, items, keys, part

PAGE = "https://app.example.com"


async def element_token(visitor: Visitor, permission: str, *subs: str) -> dict[str, str]:
    """Return a query with a new token in it, and forget every other credential."""
    visitor.use_key()
    body = {"permissions": [permission], "subs": list(subs) or [visitor.sub], "origin": PAGE}
    told = part(await visitor.json("POST", "/v1/element_tokens", body), "element_token")
    visitor.access_token = ""
    return {"et": str(told["token"])}


async def test_the_agenda_reads_events_and_who_they_are_of_in_one_call(visitor: Visitor) -> None:
    await visitor.connect()
    query = await element_token(visitor, "agenda")
    asked = {"tzid": "Etc/UTC", "include_userinfo": "true"}
    page = await visitor.json("GET", "/v1/events", query=query | asked)

    assert items(page, "events")
    assert part(page, "userinfo")["sub"] == visitor.sub
    free_busy = await visitor.json("GET", "/v1/free_busy", query=query | asked)
    assert part(free_busy, "userinfo")["sub"] == visitor.sub
    assert "userinfo" not in await visitor.json("GET", "/v1/events", query=query | {"tzid": "Etc/UTC"})


@pytest.mark.parametrize(
    ("permission", "method", "path", "status"),
    [
        ("account_management", "GET", "/v1/userinfo", 200),
        ("managed_availability", "GET", "/v1/userinfo", 200),
        ("managed_availability", "GET", "/v1/availability_rules/work_hours", 404),
        ("availability", "GET", "/v1/userinfo", 403),
        ("agenda", "POST", "/v1/availability", 403),
        ("agenda", "GET", "/v1/calendars", 403),
        ("account_management", "GET", "/v1/events", 403),
    ],
)
async def test_a_permission_opens_what_its_element_calls(
    visitor: Visitor, permission: str, method: str, path: str, status: int
) -> None:
    await visitor.connect()
    query = await element_token(visitor, permission)
    assert (await visitor.call(method, path, query=query)).status == status


def availability_of(sub: str) -> Json:
    return {
        "participants": [{"required": "all", "members": [{"sub": sub}]}],
        "required_duration": {"minutes": 30},
        "available_periods": [{"start": "2026-03-03T09:00:00Z", "end": "2026-03-03T17:00:00Z"}],
    }


async def test_availability_is_of_the_tokens_accounts_only(visitor: Visitor) -> None:
    await visitor.connect(email="other@example.com")
    stranger = visitor.sub
    await visitor.connect("read_write", {"avoid_linking": "true"}, email="ada@example.com")
    query = await element_token(visitor, "availability")

    own = await visitor.json("POST", "/v1/availability", availability_of(visitor.sub), query=query)
    assert items(own, "available_periods")
    refused = await visitor.json("POST", "/v1/availability", availability_of(stranger), query=query, status=422)
    assert "participants" in keys(refused)


async def test_a_token_ends_and_is_for_one_origin(visitor: Visitor) -> None:
    await visitor.connect()
    query = await element_token(visitor, "account_management")
    for origin, status in ((PAGE, 200), ("https://evil.example", 403)):
        reply = await visitor.call("GET", "/v1/userinfo", query=query, headers={"Origin": origin})
        assert reply.status == status

    visitor.clock.now += 64_801
    assert (await visitor.call("GET", "/v1/userinfo", query=query)).status == 401
    assert (await visitor.call("GET", "/v1/userinfo", query={"et": "nobody"})).status == 401


async def test_elements_that_show_one_account_want_a_token_of_one(visitor: Visitor) -> None:
    await visitor.connect(email="other@example.com")
    other = visitor.sub
    await visitor.connect("read_write", {"avoid_linking": "true"}, email="ada@example.com")
    query = await element_token(visitor, "agenda", visitor.sub, other)
    assert (await visitor.call("GET", "/v1/userinfo", query=query)).status == 403
