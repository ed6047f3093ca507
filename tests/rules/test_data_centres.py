"""The hosts that a request may go to are a fixed table."""

import pytest

from gateway.rules.data_centres import API_ORIGINS, HOSTS, DataCentre


@pytest.mark.parametrize(
    ("name", "api", "app"),
    [
        ("us", "https://api.cronofy.com", "https://app.cronofy.com"),
        ("de", "https://api-de.cronofy.com", "https://app-de.cronofy.com"),
        ("uk", "https://api-uk.cronofy.com", "https://app-uk.cronofy.com"),
        ("au", "https://api-au.cronofy.com", "https://app-au.cronofy.com"),
        ("sg", "https://api-sg.cronofy.com", "https://app-sg.cronofy.com"),
        ("ca", "https://api-ca.cronofy.com", "https://app-ca.cronofy.com"),
    ],
)
def test_the_hosts_of_each_data_centre(name: str, api: str, app: str) -> None:
    assert HOSTS[DataCentre(name)] == (api, app)
    assert api in API_ORIGINS
    assert app not in API_ORIGINS


def test_every_data_centre_has_hosts_of_its_own() -> None:
    assert set(HOSTS) == set(DataCentre)
    assert len({origin for hosts in HOSTS.values() for origin in hosts}) == 2 * len(DataCentre)


@pytest.mark.parametrize("name", ["", "US", "local", "evil.example/", "us.evil.example"])
def test_an_unknown_data_centre_is_not_interpolated_into_a_host(name: str) -> None:
    """The SDKs build a host name from any string; the gateway only looks one up."""
    with pytest.raises(ValueError, match="is not a valid DataCentre"):
        DataCentre(name)

    assert len(API_ORIGINS) == 6
