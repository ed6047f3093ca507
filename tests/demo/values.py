"""The demo's settings, as they are where nothing has been started."""

from pathlib import Path
from typing import Any

from gateway.demo.settings import demo_settings


def settings_in(folder: Path) -> dict[str, Any]:
    """Return the demo's settings with a store in a folder."""
    return demo_settings(
        folder=folder,
        public_url="http://127.0.0.1:8080",
        gateway_port=8080,
        operations_port=9080,
        emulator_url="http://localhost:8090",
        app_url="http://127.0.0.1:8070",
        client_id="id",
        secret="CRN_0123456789abcdefghijklmnop",
    )
