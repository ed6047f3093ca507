"""Answers of the gateway's own: one shape for each reader."""

import json

import pytest

from gateway.rules.error_codes import MEANINGS, Code
from gateway.rules.errors import GatewayError
from gateway.web.problem import Shape, refusal, shape_of


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/events", Shape.API),
        ("/anything", Shape.API),
        ("/oauth/token", Shape.TOKEN),
        ("/oauth/token/revoke", Shape.TOKEN),
        ("/oauth/authorize", Shape.PAGE),
        ("/enterprise_connect/oauth/authorize", Shape.PAGE),
    ],
)
def test_the_path_tells_who_reads(path: str, shape: Shape) -> None:
    assert shape_of(path) is shape


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("shape", Shape)
def test_each_code_has_its_status_and_names_itself_in_each_shape(code: Code, shape: Shape) -> None:
    answer = refusal(GatewayError(code, "A sentence.", headers={"X-More": "1"}), request_id="r-1", shape=shape)

    assert answer.status == MEANINGS[code].status
    assert answer.headers["Gateway-Error"] == code
    assert answer.headers["X-Request-Id"] == "r-1"
    assert answer.headers["X-More"] == "1"
    assert answer.headers["Cache-Control"] == "no-store"
    assert isinstance(answer.body, bytes)
    assert b"A sentence." in answer.body


def test_a_422_has_cronofys_errors_map_beside_rfc_9457s_members() -> None:
    error = GatewayError(Code.INTEGRATED_CONFERENCING_REFUSED, "No.", fields={"conferencing.profile_id": "Not here."})
    answer = refusal(error, request_id="r-1", shape=Shape.API)

    assert answer.content_type == "application/problem+json"
    assert isinstance(answer.body, bytes)
    body = json.loads(answer.body)
    assert body["errors"] == {
        "conferencing.profile_id": [{"key": "errors.integrated_conferencing_refused", "description": "Not here."}]
    }
    assert (body["status"], body["code"]) == (422, "integrated_conferencing_refused")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (Code.INVALID_GRANT, "invalid_grant"),
        (Code.INVALID_SCOPE, "invalid_scope"),
        (Code.STORE_UNAVAILABLE, "temporarily_unavailable"),
        (Code.UPSTREAM_TIMEOUT, "temporarily_unavailable"),
        (Code.BODY_TOO_LARGE, "invalid_request"),
    ],
)
def test_token_endpoints_speak_rfc_6749(code: Code, name: str) -> None:
    answer = refusal(GatewayError(code, "No."), request_id="r-1", shape=Shape.TOKEN)
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body) == {"error": name, "error_description": "No."}
    assert answer.headers["Pragma"] == "no-cache"


def test_a_page_escapes_and_forbids_scripts() -> None:
    answer = refusal(GatewayError(Code.CLIENT_UNKNOWN, "<script>alert(1)</script>"), request_id="r-1", shape=Shape.PAGE)
    assert answer.text is not None
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
