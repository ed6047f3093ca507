import base64
import io
import json

import pytest

from tests.emulator.visitor import Visitor, keys, part


async def test_an_element_token_lives_18_hours_and_echoes_its_origin(visitor: Visitor) -> None:
    await visitor.connect()
    visitor.use_key()
    body = {"version": "1", "permissions": ["agenda"], "subs": [visitor.sub], "origin": "https://app.example.com"}
    token = part(await visitor.json("POST", "/v1/element_tokens", body), "element_token")

    assert token["expires_in"] == 64_800
    assert token["origin"] == "https://app.example.com"
    assert token["permissions"] == ["agenda"]
    assert token["token"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"permissions": []}, "permissions"),
        ({"permissions": ["everything"]}, "permissions"),
        ({"subs": ["acc_nobody"]}, "subs"),
        ({"origin": ""}, "origin"),
    ],
)
async def test_an_element_token_needs_all_its_fields(visitor: Visitor, change: dict[str, object], field: str) -> None:
    await visitor.connect()
    visitor.use_key()
    body = {"permissions": ["agenda"], "subs": [visitor.sub], "origin": "https://app.example.com"} | change

    assert field in keys(await visitor.json("POST", "/v1/element_tokens", body, status=422))


async def test_an_attachment_comes_as_base64(visitor: Visitor) -> None:
    visitor.use_key()
    large = base64.b64encode(b"x" * 3_000_000).decode()
    body = {"attachment": {"file_name": "a.txt", "content_type": "text/plain", "base64_content": large}}
    headers = {"Authorization": f"Bearer {visitor.access_token}"}
    response = await visitor.client.post("/v1/attachments", data=io.BytesIO(json.dumps(body).encode()), headers=headers)
    attachment = part(await response.json(), "attachment")

    assert str(attachment["attachment_id"]).startswith("att_")
    assert attachment["file_name"] == "a.txt"


async def test_an_attachment_that_is_no_base64_is_refused(visitor: Visitor) -> None:
    visitor.use_key()
    body = {"file_name": "a.txt", "content_type": "text/plain", "base64_content": "%%%"}

    assert "base64_content" in keys(await visitor.json("POST", "/v1/attachments", body, status=422))


async def test_verification_is_accepted_with_an_empty_object(visitor: Visitor) -> None:
    visitor.use_key()
    body = {"redirect_uris": ["https://app.example.com/cb"], "contact": {"email": "dev@example.com"}}

    assert await visitor.json("POST", "/v1/application_verification", body, status=202) == {}
