import pytest
import yarl

from tests.emulator.visitor import Visitor, event, keys, part


async def path(visitor: Visitor, which: int = 0) -> str:
    return f"/v1/calendars/{(await visitor.calendar_ids())[which]}/events"


@pytest.mark.parametrize("mode", ["read_write", "free_busy", "no_access"])
async def test_writes_succeed_in_every_mode(visitor: Visitor, mode: str) -> None:
    """Only the delivery differs: into the calendar, or by e-mail."""
    await visitor.connect("free_busy_write", mode=mode)
    response = await visitor.call("POST", await path(visitor), event())
    (written,) = await visitor.events(only_managed="true")

    assert (response.status, await response.read()) == (202, b"")
    assert (written["event_id"], written["summary"]) == ("one", "Board game night")


async def test_an_upsert_of_the_same_id_changes_the_event(visitor: Visitor) -> None:
    await visitor.connect()
    for summary in ("first", "second"):
        await visitor.call("POST", await path(visitor), event(summary=summary))
        visitor.clock.now += 60
    await visitor.call("POST", await path(visitor, 1), event(summary="elsewhere"))
    found = await visitor.events(only_managed="true")

    assert sorted(str(one["summary"]) for one in found) == ["elsewhere", "second"]
    second = next(one for one in found if one["summary"] == "second")
    assert second["created"] != second["updated"]


async def test_an_at_sign_may_be_percent_encoded_in_the_path(visitor: Visitor) -> None:
    await visitor.connect()
    raw = (await path(visitor)).replace("@", "%40")
    url = yarl.URL(str(visitor.client.make_url("/")) + raw[1:], encoded=True)
    headers = {"Authorization": f"Bearer {visitor.access_token}"}
    response = await visitor.client.session.post(url, json=event(), headers=headers)

    assert "%40" in raw
    assert response.status == 202


async def test_fields_that_are_missing_are_named(visitor: Visitor) -> None:
    await visitor.connect()
    refused = await visitor.json("POST", await path(visitor), {"event_id": "x"}, status=422)

    assert keys(refused) == {"summary": "errors.required", "start": "errors.required", "end": "errors.required"}


@pytest.mark.parametrize(
    ("flag", "key"), [("readonly", "errors.calendar_readonly"), ("deleted", "errors.calendar_deleted")]
)
async def test_a_calendar_must_be_writable(visitor: Visitor, flag: str, key: str) -> None:
    await visitor.connect()
    account = visitor.state.people.find(visitor.sub)
    assert account is not None
    setattr(account.profiles[0].calendars[0], flag, True)

    assert keys(await visitor.json("POST", await path(visitor), event(), status=422)) == {"calendar_id": key}


@pytest.mark.parametrize("mode", ["free_busy", "no_access"])
async def test_integrated_conferencing_needs_write_access(visitor: Visitor, mode: str) -> None:
    await visitor.connect("free_busy_write", mode=mode)
    body = event(conferencing={"profile_id": "integrated"})
    refused = await visitor.json("POST", await path(visitor), body, status=422)

    assert keys(refused) == {"conferencing.profile_id": "errors.integrated_conferencing_not_available"}
    assert await visitor.events(only_managed="true") == []


async def test_conferencing_that_is_not_mentioned_stays(visitor: Visitor) -> None:
    await visitor.connect()
    await visitor.call("POST", await path(visitor), event(conferencing={"profile_id": "integrated"}))
    await visitor.call("POST", await path(visitor), event(summary="changed"))
    (kept,) = await visitor.events(only_managed="true")
    await visitor.call("POST", await path(visitor), event(conferencing={"profile_id": "none"}))
    (gone,) = await visitor.events(only_managed="true")

    assert part(kept, "conferencing")["provider_name"] == "google_meet"
    assert "conferencing" not in gone


async def test_an_event_is_deleted_by_the_body_of_a_delete(visitor: Visitor) -> None:
    await visitor.connect()
    await visitor.call("POST", await path(visitor), event())
    response = await visitor.call("DELETE", await path(visitor), {"event_id": "one"})
    again = await visitor.status("DELETE", await path(visitor), {"event_id": "one"})
    (deleted,) = await visitor.events(only_managed="true", include_deleted="true")

    assert (response.status, await response.read(), again) == (202, b"", 202)
    assert await visitor.events(only_managed="true") == []
    assert deleted["deleted"] is True
    assert await visitor.status("DELETE", await path(visitor), {}) == 422


@pytest.mark.parametrize(
    ("body", "query"),
    [({"delete_all": True}, ""), ({}, "?delete_all=True"), (None, "?delete_all=true")],
)
async def test_all_managed_events_go_at_once(visitor: Visitor, body: object, query: str) -> None:
    """Python says so in the query, with an empty object as body."""
    await visitor.connect()
    await visitor.call("POST", await path(visitor), event())
    await visitor.call("POST", await path(visitor, 1), event())
    status = await visitor.status("DELETE", f"/v1/events{query}", body)

    assert status == 202
    assert await visitor.events(only_managed="true") == []
    assert await visitor.events() != []


@pytest.mark.parametrize("where", ["body", "query"])
async def test_or_those_of_some_calendars(visitor: Visitor, where: str) -> None:
    await visitor.connect()
    first, second = await visitor.calendar_ids()
    await visitor.call("POST", await path(visitor), event())
    await visitor.call("POST", await path(visitor, 1), event())
    if where == "body":
        await visitor.call("DELETE", "/v1/events", {"calendar_ids": [first]})
    else:
        await visitor.call("DELETE", "/v1/events", {}, query={"calendar_ids[]": first})

    assert [one["calendar_id"] for one in await visitor.events(only_managed="true")] == [second]
    assert await visitor.status("DELETE", "/v1/events", {}) == 422


async def test_participation_can_be_changed(visitor: Visitor) -> None:
    await visitor.connect()
    before = (await visitor.events())[0]
    url = f"/v1/calendars/{before['calendar_id']}/events/{before['event_uid']}/participation_status"
    status = await visitor.status("POST", url, {"status": "declined"})
    after = next(one for one in await visitor.events() if one["event_uid"] == before["event_uid"])

    assert status == 202
    assert after["participation_status"] == "declined"
    assert await visitor.status("POST", url, {"status": "perhaps"}) == 422
    assert await visitor.status("POST", url.replace("evt_", "evt_x"), {"status": "declined"}) == 404


async def test_events_of_others_need_extended_permission(visitor: Visitor) -> None:
    await visitor.connect()
    other = (await visitor.events())[0]
    url = f"/v1/calendars/{other['calendar_id']}/events"
    edit = {"event_uid": other["event_uid"], "summary": "changed"}
    before = await visitor.status("POST", url, edit)
    wanted = {"permissions": [{"calendar_id": other["calendar_id"], "permission_level": "unrestricted"}]}
    link = part(await visitor.json("POST", "/v1/permissions", wanted), "permissions_request")["url"]
    await visitor.client.session.get(str(link))

    assert before == 403
    assert await visitor.status("POST", url, edit) == 202
    assert await visitor.status("DELETE", url, {"event_uid": other["event_uid"]}) == 202
    assert await visitor.status("DELETE", url, {"event_uid": "evt_unknown"}) == 404


async def test_writes_need_their_scopes_and_a_calendar(visitor: Visitor) -> None:
    await visitor.connect("read_events")
    url = await path(visitor)
    statuses = [
        await visitor.status("POST", url, event()),
        await visitor.status("DELETE", url, {"event_id": "one"}),
        await visitor.status("DELETE", "/v1/events", {"delete_all": True}),
        await visitor.status("POST", f"{url}/evt_1/participation_status", {"status": "accepted"}),
    ]
    await visitor.connect()

    assert statuses == [403] * 4
    assert await visitor.status("POST", "/v1/calendars/cal_unknown/events", event()) == 404


async def test_attendees_are_read_back(visitor: Visitor) -> None:
    await visitor.connect()
    invited = {"invite": [{"email": "b@example.com", "display_name": "B"}], "remove": []}
    await visitor.call("POST", await path(visitor), event(attendees=invited))
    (written,) = await visitor.events(only_managed="true")

    assert written["attendees"] == [{"email": "b@example.com", "display_name": "B", "status": "needs_action"}]
