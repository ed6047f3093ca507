"""Cronofy's data centres and their hosts: the only places that a request may go to.

What comes in a request never enters a host name; an unknown data centre is a complaint about the configuration.

Source: https://docs.cronofy.com/developers/data-centers/ and the host lists of the reference pages.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class DataCentre(StrEnum):
    """The identifiers that Cronofy's SDKs use."""

    US = "us"
    DE = "de"
    UK = "uk"
    AU = "au"
    SG = "sg"
    CA = "ca"


class Hosts(NamedTuple):
    """The two origins of a data centre, without a trailing slash."""

    api: str
    app: str


HOSTS: Final[dict[DataCentre, Hosts]] = {
    DataCentre.US: Hosts("https://api.cronofy.com", "https://app.cronofy.com"),
    DataCentre.DE: Hosts("https://api-de.cronofy.com", "https://app-de.cronofy.com"),
    DataCentre.UK: Hosts("https://api-uk.cronofy.com", "https://app-uk.cronofy.com"),
    DataCentre.AU: Hosts("https://api-au.cronofy.com", "https://app-au.cronofy.com"),
    DataCentre.SG: Hosts("https://api-sg.cronofy.com", "https://app-sg.cronofy.com"),
    DataCentre.CA: Hosts("https://api-ca.cronofy.com", "https://app-ca.cronofy.com"),
}

API_ORIGINS: Final = frozenset(hosts.api for hosts in HOSTS.values())
