from tests.emulator.visitor import Visitor, items, keys, part


async def test_an_identical_channel_is_the_same_one(visitor: Visitor) -> None:
    await visitor.connect("free_busy_write")
    body = {"callback_url": "https://app.example.com/push"}
    first = part(await visitor.json("POST", "/v1/channels", body), "channel")
    again = part(await visitor.json("POST", "/v1/channels", body), "channel")
    other = part(await visitor.json("POST", "/v1/channels", body | {"filters": {"only_managed": True}}), "channel")

    assert str(first["channel_id"]).startswith("chn_")
    assert first["filters"] == {}
    assert again == first
    assert other["channel_id"] != first["channel_id"]
    assert items(await visitor.json("GET", "/v1/channels"), "channels") == [first, other]


async def test_a_channel_can_be_closed(visitor: Visitor) -> None:
    await visitor.connect()
    made = part(await visitor.json("POST", "/v1/channels", {"callback_url": "http://a.example"}), "channel")
    path = f"/v1/channels/{made['channel_id']}"

    assert await visitor.status("DELETE", path, {}) == 202
    assert await visitor.status("DELETE", path, {}) == 404


async def test_without_a_reading_scope_only_managed_events_can_be_watched(visitor: Visitor) -> None:
    await visitor.connect("create_event")
    body: dict[str, object] = {"callback_url": "http://a.example"}

    assert await visitor.status("POST", "/v1/channels", body) == 403
    assert await visitor.status("POST", "/v1/channels", body | {"filters": {"only_managed": True}}) == 200


async def test_a_channel_needs_an_http_url(visitor: Visitor) -> None:
    await visitor.connect()

    assert "callback_url" in keys(await visitor.json("POST", "/v1/channels", {}, status=422))
    assert "callback_url" in keys(await visitor.json("POST", "/v1/channels", {"callback_url": "ftp://a"}, status=422))


async def test_128_channels_are_the_most(visitor: Visitor) -> None:
    await visitor.connect()
    for number in range(128):
        body = {"callback_url": f"https://app.example.com/{number}"}
        assert await visitor.status("POST", "/v1/channels", body) == 200

    assert await visitor.status("POST", "/v1/channels", {"callback_url": "https://app.example.com/x"}) == 422
