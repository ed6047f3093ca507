"""What the command line does for an operator goes through the stories that serve."""

from pathlib import Path

import pytest

from gateway.app.operator import explain_for_operator, open_doors
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
        assert (await explain_for_operator(checked, "app", "acc_1", question))["connected"] is False
        await doors.browser.connections.connect(client, read_token_reply(token_reply().body))

    answer = await explain_for_operator(checked, "app", "acc_1", question)
    assert (answer["connected"], answer["operation"]) == (True, "calendars")


async def test_an_unknown_client_is_refused(tmp_path: Path) -> None:
    checked = check_settings(good_settings(store={"url": f"sqlite:///{tmp_path}/a.db"}))
    with pytest.raises(RequestRefused):
        await explain_for_operator(checked, "nobody", "acc_1", Question("GET", "/v1/calendars", None, ""))
