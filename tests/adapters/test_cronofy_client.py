"""The gateway's own calls to Cronofy: what is sent, and what each way of failing becomes."""

from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aioresponses import aioresponses

from gateway.adapters.cronofy_client import CronofyClient
from gateway.rules.client import Application
from gateway.rules.data_centres import HOSTS, DataCentre
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable

APPLICATION = Application("main", "cronofy-id", "cronofy-secret", HOSTS[DataCentre.DE])
TOKEN_URL = "https://api-de.cronofy.com/oauth/token"


class _Response(aiohttp.ClientResponse):
    """aioresponses 0.7.9 does not know `stream_writer`, which aiohttp 3.14 wants. Remove when it does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **kwargs)


@pytest.fixture
def mocked() -> Iterator[aioresponses]:
    with aioresponses() as mock:
        yield mock


@pytest.fixture
async def client() -> AsyncIterator[CronofyClient]:
    async with aiohttp.ClientSession(response_class=_Response) as session:
        yield CronofyClient(session)


async def test_token_calls_go_to_the_data_centres_api_host_as_json(mocked: aioresponses, client: CronofyClient) -> None:
    mocked.post(TOKEN_URL, body=b'{"x":1}', response_class=_Response)
    reply = await client.token(APPLICATION, {"grant_type": "refresh_token"})

    assert (reply.status, reply.body) == (200, b'{"x":1}')
    ((call,),) = mocked.requests.values()
    assert call.kwargs["json"] == {"grant_type": "refresh_token"}
    assert call.kwargs["allow_redirects"] is False


async def test_userinfo_shows_the_bearer_in_its_header(mocked: aioresponses, client: CronofyClient) -> None:
    mocked.get("https://api-de.cronofy.com/v1/userinfo", status=401, response_class=_Response)
    reply = await client.userinfo(APPLICATION, "token-1")

    assert reply.status == 401
    (call,) = next(iter(mocked.requests.values()))
    assert call.kwargs["headers"]["Authorization"] == "Bearer token-1"


async def test_an_error_of_cronofys_is_a_reply_not_an_exception(mocked: aioresponses, client: CronofyClient) -> None:
    mocked.post(f"{TOKEN_URL}/revoke", status=400, body=b'{"error":"invalid_client"}', response_class=_Response)
    reply = await client.revoke(APPLICATION, {"token": "t"})

    assert (reply.status, reply.body) == (400, b'{"error":"invalid_client"}')


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (TimeoutError(), Code.UPSTREAM_TIMEOUT),
        (aiohttp.ServerDisconnectedError(), Code.UPSTREAM_UNREACHABLE),
        (aiohttp.ClientPayloadError("token=secret"), Code.UPSTREAM_UNREACHABLE),
        (ConnectionRefusedError(), Code.UPSTREAM_UNREACHABLE),
    ],
)
async def test_each_failure_has_its_code_and_says_nothing_of_the_call(
    mocked: aioresponses, client: CronofyClient, failure: Exception, code: Code
) -> None:
    mocked.post(TOKEN_URL, exception=failure)
    with pytest.raises(CronofyUnavailable) as caught:
        await client.token(APPLICATION, {"code": "canary"})

    assert caught.value.code == code
    assert caught.value.headers["Retry-After"]
    assert "secret" not in f"{caught.value}{caught.value.detail}"


async def test_a_token_reply_past_its_bound_is_not_read_on(mocked: aioresponses, client: CronofyClient) -> None:
    mocked.post(TOKEN_URL, body=b"x" * 70_000, response_class=_Response)
    with pytest.raises(CronofyUnavailable) as caught:
        await client.token(APPLICATION, {})

    assert caught.value.code == Code.UPSTREAM_REPLY_INVALID
