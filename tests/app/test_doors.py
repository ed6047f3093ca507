"""The stories fit together, and share what has to be one."""

from gateway.app.doors import make_doors
from gateway.app.outside import open_outside
from gateway.config_check import check_settings
from gateway.observe.metrics import Metrics
from tests.clock import FakeClock
from tests.settings import good_settings


async def test_both_doors_share_refreshes_connections_and_modes(clock: FakeClock) -> None:
    """Two journals of refreshes would use one refresh token twice."""
    checked, metrics = check_settings(good_settings(store={"url": "memory:"})), Metrics()
    async with open_outside(checked, clock, metrics) as outside:
        doors = make_doors(checked, outside, clock, metrics)

        assert doors.proxy.vault._refreshes is doors.tokens.refreshes
        assert doors.browser.disconnects.vault is doors.proxy.vault
        assert doors.browser.modes is doors.proxy.modes is doors.tokens.modes
        await doors.close()
