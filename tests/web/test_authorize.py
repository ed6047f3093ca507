"""The authorize endpoints, as a browser meets them."""

from urllib.parse import urlencode

import pytest

from tests.web.conftest import Client

ASKED = {
    "response_type": "code",
    "client_id": "a",
    "redirect_uri": "https://a.test/cb",
    "scope": "free_busy_write",
    "state": "s 1",
}


async def test_a_good_request_goes_on_to_cronofy(http: Client) -> None:
    async with http.get(f"/oauth/authorize?{urlencode(ASKED)}", allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["Location"].startswith(
            "https://app.test/oauth/authorize?response_type=code&client_id=cronofy-id"
        )
        assert "state=s+1" in answer.headers["Location"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_a_missing_scope_is_told_to_the_client(http: Client) -> None:
    query = urlencode({**ASKED, "scope": "read_events"})
    async with http.get(f"/oauth/authorize?{query}", allow_redirects=False) as answer:
        location = answer.headers["Location"]
    assert location.startswith("https://a.test/cb?error=invalid_scope&error_description=")
    assert location.endswith("&state=s+1")


@pytest.mark.parametrize(
    "changes", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.test/"}, {"client_id": ""}, {"scope[]": "x"}]
)
async def test_nobody_is_redirected_until_client_and_redirect_uri_are_known(
    http: Client, changes: dict[str, str]
) -> None:
    query = urlencode({**ASKED, **changes})
    async with http.get(f"/oauth/authorize?{query}", allow_redirects=False) as answer:
        assert answer.status == 400
        assert "Location" not in answer.headers
        assert answer.content_type == "text/html"
        assert "evil" not in await answer.text()


async def test_enterprise_connect_has_its_own_path(http: Client) -> None:
    own = {**ASKED, "scope": "service_account/accounts/manage", "delegated_scope": "free_busy_write"}
    async with http.get(f"/enterprise_connect/oauth/authorize?{urlencode(own)}", allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("https://app.test/enterprise_connect/oauth/authorize?")
