import pytest

from gateway.emulator.routes import API
from tests.emulator.visitor import Visitor


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, *_ in API])
async def test_every_endpoint_turns_a_stranger_away(visitor: Visitor, method: str, path: str) -> None:
    concrete = path.replace("{slash:/?}", "").replace("{", "").replace("}", "")

    assert await visitor.status(method, concrete) == 401


def test_no_route_is_listed_twice() -> None:
    assert len({(method, path) for method, path, *_ in API}) == len(API)


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/token/revoke"])
async def test_the_token_endpoints_are_there_whatever_host_is_named(visitor: Visitor, path: str) -> None:
    """C# and Ruby use the app host for what others send to the api host."""
    for host in ("api.cronofy.com", "app-de.cronofy.com"):
        response = await visitor.client.post(path, json={}, headers={"Host": host})
        assert (await response.json())["error"] == "invalid_client"
