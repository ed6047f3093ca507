from tests.emulator.visitor import Visitor, items, keys, part


async def test_the_key_may_come_in_the_query_or_the_body(visitor: Visitor) -> None:
    """The Node SDK sends it there, and no Authorization header that means anything."""
    visitor.access_token = "undefined"
    secret = visitor.settings.client_secrets[0]
    body = {"bearer_token": secret, "bookable_event_id": "yoga", "summary": "Yoga"}
    made = part(await visitor.json("POST", "/v1/bookable_events", body), "bookable_event")
    read = await visitor.json("GET", "/v1/bookable_events/yoga", query={"bearer_token": secret})

    assert made["summary"] == "Yoga"
    assert read == {"bookable_event": made}
    assert secret not in str(read)
    assert await visitor.status("GET", "/v1/bookable_events/yoga") == 401


async def test_people_register_and_leave(visitor: Visitor) -> None:
    visitor.use_key(1)
    await visitor.json("POST", "/v1/bookable_events", {"bookable_event_id": "yoga"})
    path = "/v1/bookable_events/yoga/registrations"
    made = part(await visitor.json("POST", path, {"attendee": {"email": "a@example.com"}}), "registration")
    left = part(await visitor.json("DELETE", f"{path}/{made['registration_id']}"), "bookable_event")

    assert str(made["registration_id"]).startswith("reg_")
    assert items(left, "registrations") == []
    assert await visitor.status("DELETE", f"{path}/{made['registration_id']}") == 404


async def test_an_id_is_needed_and_must_be_known(visitor: Visitor) -> None:
    visitor.use_key()

    assert keys(await visitor.json("POST", "/v1/bookable_events", {}, status=422)) == {
        "bookable_event_id": "errors.required"
    }
    assert await visitor.status("GET", "/v1/bookable_events/none") == 404
