"""The Python SDK, as it comes from its publisher, makes every one of its calls through the gateway."""

import asyncio
import traceback
from pathlib import Path

import pycronofy
import pytest

from tests.journeys.custody import CUSTODIES, client_in
from tests.journeys.sdks import python_calls
from tests.journeys.sdks.calls import ENTERPRISE, OF_OAUTH, PYTHON_CALLS, SERVICE_SCOPE, WITH_PAGES, Journeyed, Outcome
from tests.journeys.sdks.python_journey import Journey
from tests.journeys.world import open_world

# They ask nothing of the gateway.
LOCAL = {"hmac_valid", "validate"}


@pytest.fixture(scope="module", params=CUSTODIES)
def journeyed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Journeyed:
    """Make the whole journey once; the tests read how each call went."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        return asyncio.run(_journey(tmp_path_factory.mktemp("pycronofy"), request.param))


async def _journey(folder: Path, custody: str) -> Journeyed:
    async with open_world(folder, clients=client_in(custody, **WITH_PAGES)) as world:
        service = await world.sign_in(path=ENTERPRISE, scope=SERVICE_SCOPE, delegated_scope="read_events create_event")
        await world.consent()
        journey = Journey(world, asyncio.get_running_loop())
        journey.known["service_token"] = service["access_token"]
        outcomes = await asyncio.to_thread(_make_calls, journey)
        return Journeyed(world.gateway, custody, outcomes, service["access_token"], await world.seen_upstream())


def _make_calls(journey: Journey) -> dict[str, Outcome]:
    pycronofy.set_request_hook(journey.note)
    try:
        return {name: _make_call(name, journey) for name in PYTHON_CALLS}
    finally:
        pycronofy.set_request_hook(None)


def _make_call(name: str, journey: Journey) -> Outcome:
    journey.answers = []
    try:
        getattr(python_calls, name)(journey)
    except Exception:  # noqa: BLE001  whatever the SDK raises is how the call went
        return Outcome(name, ok=False, detail=traceback.format_exc(limit=-3), answers=tuple(journey.answers))
    return Outcome(name, ok=True, detail="", answers=tuple(journey.answers))


@pytest.mark.parametrize("name", PYTHON_CALLS)
def test_the_python_sdk_makes_its_call(journeyed: Journeyed, name: str) -> None:
    assert journeyed.outcomes[name].ok, journeyed.outcomes[name].detail


@pytest.mark.parametrize("name", [name for name in PYTHON_CALLS if name not in OF_OAUTH])
def test_python_hears_the_mode_with_every_answer(journeyed: Journeyed, name: str) -> None:
    journeyed.assert_names_the_mode(name)


def test_python_holds_what_its_custody_gives_it(journeyed: Journeyed) -> None:
    """Else the two journeys would be one and the same."""
    assert journeyed.held.startswith("cga_") == (journeyed.custody == "gateway")


def test_no_request_of_the_python_sdk_goes_past_the_gateway(journeyed: Journeyed) -> None:
    """Page links come from upstream as absolute URLs, and the SDK follows them as they are."""
    journeyed.assert_nothing_went_past()


def test_no_call_of_the_python_sdk_is_left_out() -> None:
    """A newer SDK with a call that is not made here has to be noticed."""
    made = Path(python_calls.__file__).read_text(encoding="utf-8")
    public = {name for name in dir(pycronofy.Client) if not name.startswith(("_", "map_", "translate_"))}
    assert {name for name in public - LOCAL if f".{name}(" not in made} == set()
