"""The real SDK of Cronofy, in a thread, against the emulator on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pycronofy
import pytest
import requests
from aiohttp import web
from pycronofy.exceptions import PyCronofyRequestError

from gateway.emulator.app import STATE, EmulatorSettings, make_app, runner
from gateway.emulator.autoconsent import Choice
from tests.emulator.visitor import CALLBACK

SETTINGS = EmulatorSettings()


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    app = make_app(SETTINGS)
    app[STATE].autoconsent = Choice(email="ada@example.com")
    running = runner(app)
    await running.setup()
    await web.TCPSite(running, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{running.addresses[0][1]}"
    await running.cleanup()


def new_client(origin: str) -> Any:
    client = pycronofy.Client(client_id=SETTINGS.client_id, client_secret=SETTINGS.client_secrets[0])
    client.request_handler.base_url = origin
    client.app_base_url = origin
    return client


def sign_in(origin: str, scope: str = "") -> Any:
    client = new_client(origin)
    link = client.user_auth_link(CALLBACK, scope=scope)
    response = requests.get(link, allow_redirects=False, timeout=10)
    code = response.headers["Location"].partition("code=")[2].partition("&")[0]
    client.get_authorization_from_code(code)
    return client


async def test_it_signs_in_reads_writes_and_leaves(origin: str) -> None:
    def journey() -> None:
        client = sign_in(origin)
        assert client.account()["email"] == "ada@example.com"
        assert client.userinfo()["cronofy.type"] == "account"
        assert [profile["provider_name"] for profile in client.list_profiles()] == ["google"]
        calendar_id = client.list_calendars()[0]["calendar_id"]
        assert len(client.read_events(tzid="Etc/UTC").all()) == 54
        event = {"event_id": "one", "summary": "S", "start": "2026-03-03T09:00:00Z", "end": "2026-03-03T10:00:00Z"}
        client.upsert_event(calendar_id, event)
        assert [one["event_id"] for one in client.read_events(only_managed=True)] == ["one"]
        assert len(list(client.read_free_busy(calendar_ids=(calendar_id,)))) > 20
        client.delete_event(calendar_id, "one")
        client.delete_all_events()
        before = client.auth.access_token
        client.refresh_authorization()
        assert client.auth.access_token != before
        client.revoke_authorization()
        with pytest.raises(PyCronofyRequestError):
            client.userinfo()

    await asyncio.to_thread(journey)


async def test_it_uses_what_belongs_to_a_person(origin: str) -> None:
    def journey() -> None:
        client = sign_in(origin, "read_write")
        profile_id = client.list_profiles()[0]["profile_id"]
        calendar_id = client.create_calendar(profile_id, "New")["calendar"]["calendar_id"]
        with pytest.raises(PyCronofyRequestError):
            client.create_calendar(profile_id, "New")
        assert client.create_calendar(profile_id, "New", error_on_duplicate=False)["calendar_id"] == calendar_id
        channel = client.create_notification_channel("https://app.example.com/push", calendar_ids=(calendar_id,))
        assert client.list_notification_channels() == [channel]
        client.close_notification_channel(channel["channel_id"])
        permissions = ({"calendar_id": calendar_id, "permission_level": "unrestricted"},)
        assert client.elevated_permissions(permissions)["url"].startswith(origin)
        assert client.get_conferencing_services_auth_link(CALLBACK, "zoom").startswith(origin)
        rule = {"availability_rule_id": "r", "tzid": "Etc/UTC", "weekly_periods": [{"day": "monday"}]}
        assert client.upsert_availability_rule(rule) == rule
        assert client.list_availability_rules() == [client.get_availability_rule("r")]
        client.delete_availability_rule("r")
        client.revoke_profile(profile_id)
        assert client.list_profiles() == []

    await asyncio.to_thread(journey)


async def test_it_sends_batches(origin: str) -> None:
    def journey() -> None:
        client = sign_in(origin)
        calendar_id = client.list_calendars()[0]["calendar_id"]
        builder = pycronofy.batch.BatchBuilder()
        event = {"event_id": "one", "summary": "S", "start": "2026-03-03T09:00:00Z", "end": "2026-03-03T10:00:00Z"}
        builder.upsert_event(calendar_id, event)
        builder.delete_event(calendar_id, "one")
        assert not client.batch(builder).has_errors()

    await asyncio.to_thread(journey)


async def test_it_uses_what_belongs_to_the_application(origin: str) -> None:
    def journey() -> None:
        client = sign_in(origin)
        sub = client.userinfo()["sub"]
        periods = [{"start": "2030-06-03T09:00:00Z", "end": "2030-06-03T17:00:00Z"}]
        assert len(client.availability({"members": [sub]}, 60, periods)) == 1
        token = client.get_ui_element_token(["agenda"], [sub], "https://app.example.com")["element_token"]
        assert token["expires_in"] == 64_800
        event = {"summary": "S", "start": "2030-06-03T09:00:00Z", "end": "2030-06-03T10:00:00Z"}
        new_client(origin).upsert_smart_invite("i", {"email": "a@example.com"}, event)
        invite = new_client(origin).get_smart_invite("i", "a@example.com")
        assert invite["recipient"]["status"] == "pending"
        query = {"participants": [{"members": [sub]}], "required_duration": 60, "available_periods": periods}
        link = client.real_time_scheduling(query, {"redirect_uri": CALLBACK}, {"event_id": "e", "summary": "S"})
        made = link["real_time_scheduling"]
        read = client.get_real_time_scheduling_status(real_time_scheduling_id=made["real_time_scheduling_id"])
        assert read["real_time_scheduling"]["status"] == "open"
        client.disable_real_time_scheduling_link(made["real_time_scheduling_id"], "gone")
        assert client.application_calendar("rota")["sub"].startswith("apc_")

    await asyncio.to_thread(journey)
