"""The public listener's URL table."""

import pytest

from tests.web.conftest import Client


async def test_robots_stay_out(http: Client) -> None:
    async with http.get("/robots.txt") as answer:
        assert "Disallow: /" in await answer.text()


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/readyz", "/check", "/oauth", "/v1"])
async def test_what_is_not_public_is_404_in_json(http: Client, path: str) -> None:
    """Health, metrics and engine checks have listeners of their own (CVE-2022-24797)."""
    async with http.get(path) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (404, "not_found")


async def test_a_wrong_method_is_405_in_the_paths_own_shape(http: Client) -> None:
    async with http.get("/oauth/token") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert (await answer.json())["error"] == "invalid_request"


async def test_the_server_does_not_name_its_version(http: Client) -> None:
    async with http.get("/robots.txt") as answer:
        assert answer.headers["Server"] == "cronofy-gateway"
