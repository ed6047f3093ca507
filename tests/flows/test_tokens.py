"""The token endpoint's stories."""

import pytest

from gateway.flows.tokens import TokenDoor
from gateway.rules.access_mode import AccessMode
from gateway.rules.client import Client
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, Kit, callbacks, client, kit, registry, token_door, token_reply


def door(one: Kit, *clients: Client) -> TokenDoor:
    return token_door(one, registry(*clients))


def code_request(name: str = "app", **changes: str) -> dict[str, str]:
    return {
        "client_id": name,
        "client_secret": f"{name}-secret",
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": f"https://{name}.test/cb",
        **changes,
    }


def refresh_request(name: str = "app", token: str = "refresh-1") -> dict[str, str]:
    return {
        "client_id": name,
        "client_secret": f"{name}-secret",
        "grant_type": "refresh_token",
        "refresh_token": token,
    }


async def test_cronofy_sees_the_applications_credentials_and_the_client_its_tokens(clock: FakeClock) -> None:
    one = kit(clock)
    one.cronofy.tokens.append(token_reply())
    reply = await door(one).exchange(code_request(), None)

    assert reply == token_reply()
    ((_, sent),) = one.cronofy.asked
    assert sent == {
        "client_id": "cronofy-id",
        "client_secret": "cronofy-secret",
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": "https://app.test/cb",
    }
    known = await one.modes.known(APPLICATION, "acc_1")
    assert known is not None
    assert known.all() == (AccessMode.FREE_BUSY,)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": "https://other.test/cb"}, Code.INVALID_GRANT),
        ({"redirect_uri": ""}, Code.INVALID_REQUEST),
        ({"code": ""}, Code.INVALID_REQUEST),
        ({"grant_type": ""}, Code.INVALID_REQUEST),
        ({"grant_type": "password"}, Code.UNSUPPORTED_GRANT_TYPE),
        ({"client_secret": "wrong"}, Code.INVALID_CLIENT),
        ({"client_id": ""}, Code.INVALID_CLIENT),
    ],
)
async def test_a_refused_exchange_asks_cronofy_nothing(clock: FakeClock, changes: dict[str, str], code: Code) -> None:
    one = kit(clock)
    with pytest.raises(RequestRefused) as caught:
        await door(one).exchange(code_request(**changes), None)

    assert caught.value.code == code
    assert one.cronofy.asked == []


async def test_a_delegated_accounts_code_comes_to_its_own_clients_callback_url(clock: FakeClock) -> None:
    one = kit(clock)
    both = door(one, client("a"), client("b"))
    url = "https://hooks.test/cronofy?account=7"
    book = callbacks(one, registry(client("a"))).book
    await book.remember_passed_on(client("a"), url, parent="ser_1")
    one.cronofy.tokens.append(token_reply())
    assert (await both.exchange(code_request("a", redirect_uri=url), None)).status == 200

    with pytest.raises(RequestRefused) as caught:
        await both.exchange(code_request("b", redirect_uri=url), None)
    assert caught.value.code == Code.INVALID_GRANT
