"""The settings of applications and clients."""

import pytest
from pydantic import ValidationError

from gateway.config import ApplicationSettings, ClientSettings


def test_a_secret_shows_in_no_representation() -> None:
    application = ApplicationSettings.model_validate({"client_id": "id", "client_secret": "canary-secret"})
    client = ClientSettings.model_validate({"secrets": ["canary-secret"]})
    assert "canary" not in f"{application!r} {client!r} {application.model_dump()}"


@pytest.mark.parametrize("misspelt", ["scope_polcy", "origin", "secret"])
def test_a_misspelt_setting_is_refused(misspelt: str) -> None:
    """A rule that silently does not apply is worse than none (CVE-2021-21411)."""
    with pytest.raises(ValidationError):
        ClientSettings.model_validate({misspelt: "x"})
