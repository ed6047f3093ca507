"""The Node SDK, installed once from its lock file."""

from pathlib import Path
from typing import Final

import pytest

from tests.journeys.sdks.node_runtime import install

NODE_FOLDER: Final = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def node_folder() -> Path:
    """Return the folder of the Node scripts, with the SDK installed beside them."""
    install(NODE_FOLDER)
    return NODE_FOLDER
