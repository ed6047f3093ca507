"""The shape of the house: twins, file lengths, names, lone imports."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path.relative_to(ROOT) for path in (ROOT / "gateway").rglob("*.py"))
LONGEST_FILE = 300
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "service", "base", "impl"}

# Nothing runs in them: an entry point of one line, Protocols and dataclasses, and a list that test_docs reads.
WITHOUT_TWIN = {
    "gateway/__main__.py",
    "gateway/flows/ports.py",
    "gateway/flows/incoming.py",
    "gateway/flows/upstream_port.py",
    "gateway/web/keys.py",
    "gateway/observe/events.py",
    "gateway/config/complaints.py",
}


def _twin(module: Path) -> Path:
    inside = module.relative_to("gateway")
    return ROOT / "tests" / inside.parent / f"test_{inside.name}"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_each_module_has_a_twin(module: Path) -> None:
    """Whoever changes a module finds its tests without searching."""
    if module.name != "__init__.py" and str(module) not in WITHOUT_TWIN:
        assert _twin(module).is_file(), f"write {_twin(module).relative_to(ROOT)}"


@pytest.mark.parametrize(
    "path", [*MODULES, *sorted(p.relative_to(ROOT) for p in (ROOT / "tests").rglob("*.py"))], ids=str
)
def test_no_file_is_longer_than_300_lines(path: Path) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_file_is_named_for_the_noun_inside(module: Path) -> None:
    assert not {*module.with_suffix("").parts} & FORBIDDEN_NAMES


def test_every_module_imports_alone() -> None:
    """An import that works only after another one is a circle waiting to close.

    Each module is imported in a process that was forked before any of them, so none leans on another.
    """
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in MODULES]
    script = (
        "import os, sys, aiohttp.web, pydantic, structlog\n"
        "failed = []\n"
        "for name in sys.argv[1:]:\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        try:\n"
        "            __import__(name)\n"
        "        except BaseException as error:\n"
        "            print(f'{name}: {error!r}', file=sys.stderr)\n"
        "            os._exit(1)\n"
        "        os._exit(0)\n"
        "    if os.waitpid(child, 0)[1]:\n"
        "        failed.append(name)\n"
        "sys.exit(' '.join(failed) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *names], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr


def test_no_file_names_a_registry_or_a_folder_of_this_machine() -> None:
    """What is committed has to be true on every machine."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for name in listed:
        path = ROOT / name
        if path.suffix in {".png", ".ico"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        assert str(ROOT) not in text, name
        if name.startswith("requirements/") or name.endswith("package-lock.json"):
            assert "--index-url" not in text, name
            assert '"resolved"' not in text, name
