"""The demo runs its tour for real and says how it went."""

import io

from rich.console import Console

from gateway.demo.run import DemoPorts, run_demo


async def test_the_tour_passes_and_the_signposts_follow() -> None:
    out, reached = io.StringIO(), []

    async def until() -> None:
        reached.append(True)

    passed = await run_demo(DemoPorts(0, 0, 0, 0), Console(file=out, width=200), until=until)
    shown = out.getvalue()

    assert passed
    assert reached == [True]
    assert "All of it works." in shown
    assert "✗" not in shown
    for word in ("demo-sdk / demo-sdk-secret", "demo-strict / demo-strict-secret", "base_url", "urls.api", "/readyz"):
        assert word in shown
