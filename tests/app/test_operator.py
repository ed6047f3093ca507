"""What the command line does for an operator goes through the stories that serve."""

import asyncio
from pathlib import Path

import pytest

from gateway.app.operator import explain_for_operator, exports_over, imports_over, open_doors
from gateway.config_check import check_settings
from gateway.flows.explain import Question
from gateway.rules.errors import RequestRefused
from gateway.rules.token_reply import read_token_reply
from tests.flows.fakes import token_reply
from tests.settings import good_settings


async def test_a_stored_connection_is_explained(tmp_path: Path) -> None:
    checked = check_settings(good_settings(store={"url": f"sqlite:///{tmp_path}/a.db"}))
    question = Question("GET", "/v1/calendars", None, "")
    async with open_doors(checked) as doors:
        client = doors.registry.client("app")
        told = await explain_for_operator(checked, "app", "acc_1", question)
        assert (told["connected"], told["what_to_do"]) == (False, "Let the person connect through this client first.")
        await doors.browser.connections.connect(client, read_token_reply(token_reply().body))

    answer = await explain_for_operator(checked, "app", "acc_1", question)
    assert (answer["connected"], answer["operation"]) == (True, "calendars")


async def test_an_unknown_client_is_refused(tmp_path: Path) -> None:
    checked = check_settings(good_settings(store={"url": f"sqlite:///{tmp_path}/a.db"}))
    with pytest.raises(RequestRefused):
        await explain_for_operator(checked, "nobody", "acc_1", Question("GET", "/v1/calendars", None, ""))


async def test_imports_and_exports_go_through_the_stories_that_serve(tmp_path: Path) -> None:
    """A journal of their own would use a refresh token that a gateway is using."""
    checked = check_settings(good_settings(store={"url": f"sqlite:///{tmp_path}/a.db"}))
    async with open_doors(checked) as doors:
        imports = imports_over(doors, rate=5.0, stop=asyncio.Event())
        exports = exports_over(doors)

        assert imports.refreshes is doors.tokens.refreshes
        assert exports.journal is doors.tokens.refreshes.journal
        assert imports.connections is exports.connections is doors.browser.connections
        assert imports.modes is exports.modes is doors.proxy.modes
