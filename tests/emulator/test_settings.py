import dataclasses

import pytest

from gateway.emulator.rotation import Rotation
from gateway.emulator.settings import EmulatorSettings


def test_the_defaults_are_those_of_the_docs() -> None:
    settings = EmulatorSettings()

    assert settings.client_id == "emulator-application"
    assert len(settings.client_secrets) == 2
    assert (settings.access_token_lifetime, settings.service_token_lifetime) == (3600, 1800)
    assert settings.rotation == Rotation(kind="off", grace=30.0, reuse_revokes=False)
    assert settings.clock() > 1_700_000_000


def test_settings_do_not_change_while_it_runs() -> None:
    settings = EmulatorSettings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.client_id = "other"  # type: ignore[misc]
