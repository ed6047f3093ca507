"""What the shape of sessions changes in how the stories are put together."""

from gateway.app.doors import make_doors
from gateway.app.outside import open_outside
from gateway.config_check import check_settings
from gateway.flows.carried_connections import CarriedConnections
from gateway.flows.cookie_sessions import CookieSessions
from gateway.flows.sessions import Sessions
from gateway.observe.metrics import Metrics
from gateway.web.cookie_storage import CookieStorage
from gateway.web.keys import PublicDoors
from gateway.web.session_storage import RecordStorage
from tests.clock import FakeClock
from tests.settings import good_settings


async def doors_in(shape: str, clock: FakeClock) -> PublicDoors:
    checked, metrics = check_settings(good_settings(store={"url": "memory:"}, sessions={"shape": shape})), Metrics()
    async with open_outside(checked, clock, metrics) as outside:
        doors = make_doors(checked, outside, clock, metrics)
        await doors.close()
        return doors


async def test_records_are_what_is_made_unless_the_settings_say_otherwise(clock: FakeClock) -> None:
    doors = await doors_in("record", clock)

    assert type(doors.browser.sessions) is Sessions
    assert isinstance(doors.browser.storage, RecordStorage)
    assert not isinstance(doors.browser.connections, CarriedConnections)
    assert doors.proxy.callers.vault._beside is True
    assert check_settings(good_settings()).settings.sessions.shape == "record"


async def test_in_cookie_shape_sign_ins_and_refreshes_share_the_connections_of_the_cookies(clock: FakeClock) -> None:
    """Tokens that were refreshed somewhere else would not reach the cookie."""
    doors = await doors_in("cookie", clock)

    assert isinstance(doors.browser.sessions, CookieSessions)
    assert isinstance(doors.browser.storage, CookieStorage)
    assert isinstance(doors.browser.connections, CarriedConnections)
    assert doors.browser.own_sessions.sessions is doors.browser.sessions
    assert doors.browser.connections is doors.browser.sessions._connections
    assert doors.browser.connections is doors.proxy.callers.vault._connections
    assert doors.browser.connections is doors.browser.sign_ins.connections
    assert doors.proxy.callers.vault._beside is False
