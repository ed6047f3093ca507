from tests.emulator.visitor import Json, Visitor, event, items, keys

FREE_DAY = [{"start": "2030-06-03T09:00:00Z", "end": "2030-06-03T17:00:00Z"}]


def query(*subs: str, **fields: object) -> dict[str, object]:
    members = [{"sub": sub} for sub in subs]
    return {
        "participants": [{"members": members, "required": "all"}],
        "required_duration": {"minutes": 60},
        "available_periods": FREE_DAY,
    } | fields


async def block(visitor: Visitor, start: str, end: str) -> None:
    calendar_id = (await visitor.calendar_ids())[0]
    body = event(start=f"2030-06-03T{start}:00Z", end=f"2030-06-03T{end}:00Z")
    assert await visitor.status("POST", f"/v1/calendars/{calendar_id}/events", body) == 202


def times(found: list[Json]) -> list[tuple[str, str]]:
    return [(str(one["start"])[11:16], str(one["end"])[11:16]) for one in found]


async def test_an_api_key_asks_about_people_by_their_sub(visitor: Visitor) -> None:
    await visitor.connect()
    await block(visitor, "11:00", "12:30")
    visitor.use_key()
    found = items(await visitor.json("POST", "/v1/availability", query(visitor.sub)), "available_periods")

    assert times(found) == [("09:00", "11:00"), ("12:30", "17:00")]
    assert found[0]["participants"] == [{"sub": visitor.sub}]


async def test_a_person_may_ask_too(visitor: Visitor) -> None:
    await visitor.connect()

    assert await visitor.status("POST", "/v1/availability", query(visitor.sub)) == 200


async def test_nobody_else_may_ask(visitor: Visitor) -> None:
    visitor.access_token = "unknown"

    assert await visitor.status("POST", "/v1/availability", query("acc_1")) == 401


async def test_everyone_required_must_be_free(visitor: Visitor) -> None:
    first = str((await visitor.connect(email="ada@example.com"))["sub"])
    await block(visitor, "09:00", "12:00")
    second = str((await visitor.connect("read_write", {"avoid_linking": "1"}, email="grace@example.com"))["sub"])
    await block(visitor, "13:30", "17:00")
    visitor.use_key()
    both = items(await visitor.json("POST", "/v1/availability", query(first, second)), "available_periods")

    assert times(both) == [("12:00", "13:30")]


async def test_slots_are_cut_and_counted(visitor: Visitor) -> None:
    await visitor.connect()
    visitor.use_key()
    body = query(visitor.sub, response_format="slots", max_results=3)
    found = items(await visitor.json("POST", "/v1/availability", body), "available_slots")

    assert times(found) == [("09:00", "10:00"), ("10:00", "11:00"), ("11:00", "12:00")]


async def test_overlapping_slots_start_every_interval(visitor: Visitor) -> None:
    await visitor.connect()
    visitor.use_key()
    body = query(visitor.sub, response_format="overlapping_slots", start_interval={"minutes": 15}, max_results=2)
    found = items(await visitor.json("POST", "/v1/availability", body), "available_slots")

    assert times(found) == [("09:00", "10:00"), ("09:15", "10:15")]


async def test_query_slots_are_tried_one_by_one(visitor: Visitor) -> None:
    await visitor.connect()
    await block(visitor, "09:00", "09:30")
    visitor.use_key()
    body = query(visitor.sub, query_slots=[{"start": "2030-06-03T09:00:00Z"}, {"start": "2030-06-03T10:00:00Z"}])
    del body["available_periods"]
    found = items(await visitor.json("POST", "/v1/availability", body), "available_periods")

    assert times(found) == [("10:00", "11:00")]


async def test_what_a_query_lacks_is_named(visitor: Visitor) -> None:
    await visitor.connect()
    visitor.use_key()
    changes: tuple[dict[str, object], ...] = (
        {"participants": []},
        {"required_duration": {}},
        {"available_periods": []},
        {"response_format": "pie"},
        {"participants": [{"members": [{"sub": "acc_nobody"}]}]},
        {"available_periods": [{"start": "x", "end": "y"}]},
    )
    for change in changes:
        refused = await visitor.json("POST", "/v1/availability", query(visitor.sub) | change, status=422)
        assert list(keys(refused)) == list(change)


async def test_sequenced_steps_follow_each_other(visitor: Visitor) -> None:
    await visitor.connect()
    visitor.use_key()
    people = [{"members": [{"sub": visitor.sub}], "required": "all"}]
    steps = [
        {"sequence_id": "b", "ordinal": 2, "participants": people, "required_duration": {"minutes": 30}},
        {"sequence_id": "a", "ordinal": 1, "participants": people, "required_duration": {"minutes": 60}},
    ]
    body = {"sequence": steps, "available_periods": FREE_DAY}
    (found,) = items(await visitor.json("POST", "/v1/sequenced_availability", body), "sequences")

    assert [step["sequence_id"] for step in items(found, "sequence")] == ["a", "b"]
    assert times(items(found, "sequence")) == [("09:00", "10:00"), ("10:00", "10:30")]


async def test_a_sequence_that_does_not_fit_is_none(visitor: Visitor) -> None:
    await visitor.connect()
    visitor.use_key()
    people = [{"members": [{"sub": visitor.sub}], "required": "all"}]
    steps = [{"participants": people, "required_duration": {"minutes": 9 * 60}}]
    body = {"sequence": steps, "available_periods": FREE_DAY}

    assert await visitor.json("POST", "/v1/sequenced_availability", body) == {"sequences": []}
    assert "sequence" in keys(await visitor.json("POST", "/v1/sequenced_availability", {}, status=422))
