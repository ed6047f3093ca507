from tests.emulator.visitor import Visitor, items, keys, part


async def test_a_conversation_is_kept_for_its_person(visitor: Visitor) -> None:
    await visitor.connect(email="ada@example.com")
    body = {"participants": [{"email": "b@example.com"}]}
    made = part(await visitor.json("POST", "/v1/scheduling_conversations", body), "scheduling_conversation")
    path = f"/v1/scheduling_conversations/{made['scheduling_conversation_id']}"
    read = await visitor.json("GET", path)
    listed = items(await visitor.json("GET", "/v1/scheduling_conversations"), "scheduling_conversations")
    await visitor.connect("read_write", {"avoid_linking": "true"}, email="eve@example.com")

    assert read == {"scheduling_conversation": made}
    assert listed == [made]
    assert await visitor.status("GET", path) == 404


async def test_a_conversation_has_participants(visitor: Visitor) -> None:
    await visitor.connect()

    assert "participants" in keys(await visitor.json("POST", "/v1/scheduling_conversations", {}, status=422))
