import pytest

from tests.emulator.visitor import Visitor, items, keys, part


@pytest.mark.parametrize(
    ("choice", "is_available"),
    [
        ({"provider": "google"}, True),
        ({"provider": "microsoft"}, True),
        ({"provider": "apple"}, False),
        ({"mode": "free_busy"}, False),
        ({"mode": "no_access"}, False),
    ],
)
async def test_integrated_conferencing_is_told_per_calendar(
    visitor: Visitor, choice: dict[str, str], is_available: bool
) -> None:
    await visitor.connect("free_busy_write", **choice)
    found = items(await visitor.json("GET", "/v1/calendars"), "calendars")

    assert [calendar["calendar_integrated_conferencing_available"] for calendar in found] == [is_available] * 2
    assert [calendar["calendar_primary"] for calendar in found] == [True, False]


async def test_a_calendar_can_be_made_once_per_name(visitor: Visitor) -> None:
    tokens = await visitor.connect()
    body = {"profile_id": part(tokens, "linking_profile")["profile_id"], "name": "Holidays"}
    made = part(await visitor.json("POST", "/v1/calendars", body), "calendar")
    refused = await visitor.json("POST", "/v1/calendars", body, status=422)

    assert made["calendar_name"] == "Holidays"
    assert made["calendar_id"] in await visitor.calendar_ids()
    assert keys(refused) == {"name": "errors.duplicate_calendar_name"}


async def test_a_new_calendar_needs_a_profile_a_name_and_the_scope(visitor: Visitor) -> None:
    await visitor.connect()
    refused = await visitor.json("POST", "/v1/calendars", {}, status=422)
    unknown = await visitor.json("POST", "/v1/calendars", {"profile_id": "pro_x", "name": "n"}, status=422)
    await visitor.connect("read_events")

    assert keys(refused) == {"profile_id": "errors.required", "name": "errors.required"}
    assert keys(unknown) == {"profile_id": "errors.not_recognized"}
    assert await visitor.status("POST", "/v1/calendars", {}) == 403


async def test_an_application_calendar_is_a_token_set_for_body_credentials(visitor: Visitor) -> None:
    body = visitor.credentials | {"application_calendar_id": "rota"}
    first = await visitor.keep(await visitor.client.post("/v1/application_calendars", json=body))
    again = await visitor.keep(await visitor.client.post("/v1/application_calendars", json=body))

    assert str(first["sub"]).startswith("apc_")
    assert first["application_calendar_id"] == "rota"
    assert first["expires_in"] == 3600
    assert (again["sub"], again["refresh_token"]) == (first["sub"], first["refresh_token"])
    assert len(await visitor.calendar_ids()) == 1
    assert (await visitor.refresh(str(first["refresh_token"]))).status == 200


async def test_an_application_calendar_needs_the_right_secret_and_a_name(visitor: Visitor) -> None:
    wrong = visitor.credentials | {"client_secret": "wrong", "application_calendar_id": "rota"}

    assert await visitor.status("POST", "/v1/application_calendars", wrong) == 401
    assert await visitor.status("POST", "/v1/application_calendars", visitor.credentials) == 422
