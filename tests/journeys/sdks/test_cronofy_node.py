"""The Node SDK, as it comes from its publisher, makes every one of its calls through the gateway."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.journeys.custody import CUSTODIES, client_in
from tests.journeys.sdks.calls import ENTERPRISE, NODE_CALLS, OF_OAUTH, SCOPE, SERVICE_SCOPE, WITH_PAGES, Journeyed
from tests.journeys.sdks.node_process import run_script
from tests.journeys.world import ADDING, CALLBACK, SECRETS, open_world


@pytest.fixture(scope="module", params=CUSTODIES)
def journeyed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, node_folder: Path) -> Journeyed:
    """Make the whole journey once; the tests read how each call went."""
    return asyncio.run(_journey(tmp_path_factory.mktemp("cronofy_node"), node_folder, request.param))


async def _journey(folder: Path, scripts: Path, custody: str) -> Journeyed:
    async with open_world(folder, clients=client_in(custody, business_connect=True, **WITH_PAGES)) as world:
        service = await world.sign_in(path=ENTERPRISE, scope=SERVICE_SCOPE, delegated_scope=SCOPE)
        business = await world.sign_in(email="business@example.com", scope=SCOPE, delegated_scope=SCOPE)
        await world.consent()
        journey = {
            "gateway": world.gateway,
            "callback": CALLBACK,
            "client_id": ADDING,
            "client_secret": SECRETS[ADDING],
            "scope": SCOPE,
            "service_token": service["access_token"],
            "business_token": business["access_token"],
            "names": NODE_CALLS,
        }
        async with asyncio.timeout(60):
            outcomes = await run_script(world, scripts / "calls.cjs", journey)
        return Journeyed(world.gateway, custody, outcomes, service["access_token"], await world.seen_upstream())


@pytest.mark.parametrize("name", NODE_CALLS)
def test_the_node_sdk_makes_its_call(journeyed: Journeyed, name: str) -> None:
    assert journeyed.outcomes[name].ok, journeyed.outcomes[name].detail


@pytest.mark.parametrize("name", [name for name in NODE_CALLS if name not in OF_OAUTH])
def test_node_hears_the_mode_with_every_answer(journeyed: Journeyed, name: str) -> None:
    journeyed.assert_names_the_mode(name)


def test_node_holds_what_its_custody_gives_it(journeyed: Journeyed) -> None:
    """Else the two journeys would be one and the same."""
    assert journeyed.held.startswith("cga_") == (journeyed.custody == "gateway")


def test_no_request_of_the_node_sdk_goes_past_the_gateway(journeyed: Journeyed) -> None:
    """Page links come from upstream as absolute URLs, and the SDK follows them as they are."""
    journeyed.assert_nothing_went_past()


def test_no_call_of_the_node_sdk_is_left_out(node_folder: Path) -> None:
    """A newer SDK with a call that is not made here has to be noticed; `hmacValid` asks nothing of the gateway."""
    sdk = (node_folder / "node_modules" / "cronofy" / "src" / "index.js").read_text(encoding="utf-8")
    made = "".join(path.read_text(encoding="utf-8") for path in node_folder.glob("*.cjs"))
    public = set(re.findall(r"^cronofy\.prototype\.([a-zA-Z]\w*) = ", sdk, re.MULTILINE))
    assert len(public) > 40
    assert {name for name in public - {"hmacValid"} if f".{name}(" not in made} == set()
