import pytest

from tests.emulator.visitor import Visitor, event, keys, part

PATH = "/v1/real_time_scheduling"


def body(**fields: object) -> dict[str, object]:
    return {
        "oauth": {"redirect_uri": "https://app.example.com"},
        "event": event(),
        "availability": {"participants": []},
    } | fields


async def test_a_link_is_made_by_key_and_read_by_id_or_token(visitor: Visitor) -> None:
    visitor.use_key()
    made = part(await visitor.json("POST", PATH, body()), "real_time_scheduling")
    by_id = part(await visitor.json("GET", f"{PATH}/{made['real_time_scheduling_id']}"), "real_time_scheduling")
    token = str(made["url"]).rsplit("/", 1)[1]
    by_token = part(await visitor.json("GET", PATH, query={"token": token}), "real_time_scheduling")

    assert set(made) == {"real_time_scheduling_id", "url"}
    assert by_id == by_token
    assert (by_id["status"], by_id["url"]) == ("open", made["url"])


async def test_a_link_can_be_disabled(visitor: Visitor) -> None:
    visitor.use_key()
    made = part(await visitor.json("POST", PATH, body()), "real_time_scheduling")
    path = f"{PATH}/{made['real_time_scheduling_id']}/disable"
    disabled = part(await visitor.json("POST", path, {"display_message": "Gone"}), "real_time_scheduling")

    assert disabled["status"] == "disabled"
    assert await visitor.status("GET", f"{PATH}/sch_unknown") == 404


@pytest.mark.parametrize("path", [PATH, "/v1/real_time_sequencing", "/v1/add_to_calendar"])
async def test_credentials_in_the_body_do_as_well(visitor: Visitor, path: str) -> None:
    """Ruby, C# and PHP send them, with no or a meaningless Authorization header."""
    visitor.access_token = "undefined"
    wrong = body() | visitor.credentials | {"client_secret": "wrong"}

    assert await visitor.status("POST", path, body() | visitor.credentials) == 200
    assert await visitor.status("POST", path, wrong) == 401
    assert await visitor.status("POST", path, visitor.credentials) == 422


async def test_integrated_conferencing_is_refused_for_a_restricted_target(visitor: Visitor) -> None:
    await visitor.connect("free_busy_write", mode="free_busy")
    calendar_id = (await visitor.calendar_ids())[0]
    target = {"sub": visitor.sub, "calendar_id": calendar_id}
    own = target | {"event": {"conferencing": {"profile_id": "integrated"}}}
    common = event(conferencing={"profile_id": "integrated"})
    visitor.use_key()
    by_target = await visitor.json("POST", PATH, body(target_calendars=[target, own]), status=422)
    by_event = await visitor.json("POST", PATH, body(event=common, target_calendars=[target]), status=422)

    assert list(keys(by_target)) == ["target_calendars[1].event.conferencing.profile_id"]
    assert list(keys(by_event)) == ["event.conferencing.profile_id"]


async def test_a_target_must_be_a_known_calendar(visitor: Visitor) -> None:
    visitor.use_key()
    target = {"sub": "acc_nobody", "calendar_id": "cal_1"}
    refused = await visitor.json("POST", PATH, body(target_calendars=[target]), status=422)

    assert list(keys(refused)) == ["target_calendars[0].calendar_id"]
