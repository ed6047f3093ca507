from gateway.emulator.control import CONTROLS
from tests.emulator.visitor import Visitor


async def test_the_index_tells_what_this_is_and_lists_every_control(visitor: Visitor) -> None:
    response = await visitor.open("/")
    text = await response.text()

    assert response.status == 200
    assert "Cronofy emulator" in text
    assert visitor.settings.client_id in text
    for method, path, _ in CONTROLS:
        assert f"<code>{method} {path}</code>" in text


async def test_no_secret_is_shown(visitor: Visitor) -> None:
    text = await (await visitor.open("/")).text()

    assert not any(secret in text for secret in visitor.settings.client_secrets)
