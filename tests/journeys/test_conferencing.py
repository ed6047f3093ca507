"""Integrated conferencing in batches and in real-time scheduling, against an emulator that counts what reached it."""

import json
from typing import Any

from tests.journeys.world import SECRETS, STRICT, World

ASKING = {"conferencing": {"profile_id": "integrated"}}


def event(number: int, **more: Any) -> dict[str, Any]:
    times = {"start": "2030-01-01T10:00:00Z", "end": "2030-01-01T11:00:00Z"}
    return {"event_id": f"e{number}", "summary": "Batch", **times, **more}


async def _calendar(world: World, token: str) -> str:
    _, body, _ = await world.call("GET", "/v1/calendars", token)
    return str(json.loads(body)["calendars"][0]["calendar_id"])


async def _batch(world: World, token: str, items: list[dict[str, Any]]) -> tuple[int, list[dict[str, Any]]]:
    status, body, _ = await world.call("POST", "/v1/batch", token, json={"batch": items})
    return status, json.loads(body)["batch"]


async def test_of_fifty_items_forty_seven_go_through_when_three_are_refused(world: World) -> None:
    tokens = await world.sign_in("free_busy")
    token = tokens["access_token"]
    url = f"/v1/calendars/{await _calendar(world, token)}/events"
    asking = {4, 20, 49}
    items = [
        {"method": "POST", "relative_url": url, "data": event(number, **(ASKING if number in asking else {}))}
        for number in range(50)
    ]
    status, answers = await _batch(world, token, items)

    assert status == 207
    assert [answer["status"] for answer in answers] == [422 if number in asking else 202 for number in range(50)]
    assert "conferencing.profile_id" in answers[4]["data"]["errors"]
    _, body, _ = await world.call(
        "GET", "/v1/events?tzid=Etc/UTC&only_managed=true&from=2029-12-30&to=2030-01-03", token
    )
    assert json.loads(body)["pages"]["current"] == 1


async def test_a_batch_of_refused_items_alone_never_leaves(world: World) -> None:
    tokens = await world.sign_in("no_access")
    token = tokens["access_token"]
    url = f"/v1/calendars/{await _calendar(world, token)}/events"
    await world.forget_seen()
    item = {"method": "POST", "relative_url": url, "data": event(1, **ASKING)}
    status, answers = await _batch(world, token, [item, item])

    assert (status, [answer["status"] for answer in answers]) == (207, [422, 422])
    assert "/v1/batch" not in [one["path"] for one in await world.seen_upstream()]


async def test_a_scheduling_target_is_refused_by_its_own_mode(world: World) -> None:
    """The other person's mode is known from their sign-in through this gateway."""
    tokens = await world.sign_in("free_busy", client=STRICT)
    calendar = await _calendar(world, tokens["access_token"])
    await world.forget_seen()
    body = {
        "oauth": {"redirect_uri": "http://127.0.0.1:9/callback"},
        "availability": {},
        "event": event(1, **ASKING),
        "target_calendars": [{"sub": tokens["sub"], "calendar_id": calendar}],
    }
    status, raw, headers = await world.call("POST", "/v1/real_time_scheduling", SECRETS[STRICT], json=body)

    assert (status, headers["Gateway-Error"]) == (422, "integrated_conferencing_refused")
    assert list(json.loads(raw)["errors"]) == ["event.conferencing.profile_id"]
    assert "/v1/real_time_scheduling" not in [one["path"] for one in await world.seen_upstream()]
