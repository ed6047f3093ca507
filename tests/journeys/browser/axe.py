"""axe-core, installed once from its lock file, and what it finds on a page."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

from tests.journeys.sdks.node_runtime import install

FOLDER: Final = Path(__file__).parent
_GRAVE: Final = frozenset({"serious", "critical"})


def axe_source() -> str:
    """Return axe-core's script."""
    install(FOLDER)
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
