"""The Node SDK, installed once from its lock file."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.journeys.sdks.node_runtime import npm

NODE_FOLDER: Final = Path(__file__).parent / "node"
_INSTALL: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")


@pytest.fixture(scope="session")
def node_folder() -> Path:
    """Return the folder of the Node scripts, with the SDK installed beside them.

    npm writes its own lock file into node_modules at the end of an installation, so that one's age tells.
    """
    installed, wanted = NODE_FOLDER / "node_modules" / ".package-lock.json", NODE_FOLDER / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < wanted.stat().st_mtime:
        done = subprocess.run(
            [*npm(), *_INSTALL], cwd=NODE_FOLDER, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, f"npm could not install the Node SDK: {done.stderr[-2000:]}"
    return NODE_FOLDER
