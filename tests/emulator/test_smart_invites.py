from tests.emulator.visitor import Visitor, event, items, keys, part

PATH = "/v1/smart_invites"


async def test_an_invite_is_kept_by_recipient(visitor: Visitor) -> None:
    visitor.use_key()
    body = {"smart_invite_id": "i1", "recipient": {"email": "a@example.com"}, "event": event()}
    made = await visitor.json("POST", PATH, body)
    query = {"smart_invite_id": "i1", "recipient_email": "a@example.com"}
    read = await visitor.json("GET", PATH, query=query)

    assert made == read
    assert part(made, "recipient") == {"email": "a@example.com", "status": "pending"}
    assert str(part(made, "attachments")["icalendar"]).startswith("BEGIN:VCALENDAR")
    assert (await visitor.call("GET", PATH, query=query | {"recipient_email": "b@example.com"})).status == 404


async def test_an_invite_can_have_many_recipients_and_be_cancelled(visitor: Visitor) -> None:
    visitor.use_key()
    people = [{"email": "a@example.com"}, {"email": "b@example.com"}]
    body = {"smart_invite_id": "i1", "recipients": people, "method": "cancel"}
    cancelled = await visitor.json("POST", PATH, body)

    assert cancelled["method"] == "cancel"
    assert [one["email"] for one in items(cancelled, "recipients")] == ["a@example.com", "b@example.com"]


async def test_what_an_invite_lacks_is_named(visitor: Visitor) -> None:
    visitor.use_key()

    assert set(keys(await visitor.json("POST", PATH, {}, status=422))) == {"smart_invite_id", "recipient", "event"}
    assert "method" in keys(await visitor.json("POST", PATH, {"method": "shred"}, status=422))
