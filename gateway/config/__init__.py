"""The settings, and everything that can be said about them before anything is started."""

from gateway.config.clients import ApplicationSettings, ClientSettings
from gateway.config.settings import (
    Listener,
    ProxySection,
    Settings,
    settings_from,
)

__all__ = ["ApplicationSettings", "ClientSettings", "Listener", "ProxySection", "Settings", "settings_from"]
