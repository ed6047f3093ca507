"""Where everything meets: the only place that knows every concrete class."""

from gateway.app.operator import erasure_of, explain_for_operator, inventory_of, open_doors
from gateway.app.reloading import SettingsSource
from gateway.app.running import Running, run_gateway

__all__ = [
    "Running",
    "SettingsSource",
    "erasure_of",
    "explain_for_operator",
    "inventory_of",
    "open_doors",
    "run_gateway",
]
