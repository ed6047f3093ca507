"""The hashed requirement files hold every dependency that the project names, and name no index."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def _locked(name: str) -> set[str]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return {
        match.group(1).lower().replace("_", "-") for match in re.finditer(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)
    }


def _named(lines: list[str]) -> list[str]:
    return [match.group().lower().replace("_", "-") for line in lines if (match := _NAME.match(line))]


@pytest.mark.parametrize("name", _named(PROJECT["dependencies"]))
def test_a_runtime_dependency_is_locked(name: str) -> None:
    """Run `make lock` when this fails."""
    assert name in _locked("runtime.txt")
    assert name in _locked("dev.txt")


@pytest.mark.parametrize("name", _named(PROJECT["optional-dependencies"]["dev"]))
def test_a_development_dependency_is_locked(name: str) -> None:
    assert name in _locked("dev.txt")


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt", "bench.txt", "build.txt"])
def test_each_line_is_hashed_and_no_index_is_named(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert text.count("==") <= text.count("--hash=sha256:")
    assert "://" not in text
