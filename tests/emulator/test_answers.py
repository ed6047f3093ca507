from gateway.emulator.answers import accepted, answer


def test_an_answer_is_json_in_utf8() -> None:
    response = answer({"name": "Café"}, 207)

    assert response.status == 207
    assert response.body == '{"name": "Café"}'.encode()
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"


def test_accepted_is_a_202_without_a_body() -> None:
    """The Python and Ruby SDKs tell 202 and 200 apart."""
    response = accepted()

    assert (response.status, response.body) == (202, None)
