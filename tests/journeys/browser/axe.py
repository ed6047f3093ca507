"""axe-core, installed once from its lock file, and what it finds on a page."""

import subprocess
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

from tests.journeys.sdks.node_runtime import npm

FOLDER: Final = Path(__file__).parent
_INSTALL: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
_GRAVE: Final = frozenset({"serious", "critical"})


def axe_source() -> str:
    """Return axe-core's script, installed where that was not done since the lock file changed."""
    installed, wanted = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < wanted.stat().st_mtime:
        done = subprocess.run([*npm(), *_INSTALL], cwd=FOLDER, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, f"npm could not install axe-core: {done.stderr[-2000:]}"
    return (FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


async def grave_findings(page: Page, source: str) -> list[str]:
    """Return axe's serious and critical findings: rule, and where.

    The script comes in through the debugger: the page's policy would not let it in as a script.
    """
    await page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finished))")
    await page.evaluate(source)
    result: dict[str, Any] = await page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    assert result["passes"], "axe looked at nothing"
    return [
        f"{found['id']}: {node['target']} {node['failureSummary']}"
        for found in result["violations"]
        if found["impact"] in _GRAVE
        for node in found["nodes"]
    ]
