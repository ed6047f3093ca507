from gateway.emulator.refusals import insufficient_scope, invalid, not_found, required, unrecognized


def test_a_422_has_a_key_for_programs_and_words_for_people() -> None:
    refused = invalid(required("event_id"))

    assert refused.status == 422
    assert refused.body == {
        "errors": {"event_id": [{"key": "errors.required", "description": "event_id must be specified"}]}
    }


def test_a_401_carries_a_challenge() -> None:
    """RFC 6750 section 3."""
    assert unrecognized().headers == {"WWW-Authenticate": "Bearer"}


def test_the_statuses() -> None:
    assert [one.status for one in (unrecognized(), insufficient_scope("x"), not_found())] == [401, 403, 404]
