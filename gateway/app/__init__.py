"""Where everything meets: the only place that knows every concrete class."""

from gateway.app.operator import explain_for_operator
from gateway.app.running import Running, run_gateway

__all__ = ["Running", "explain_for_operator", "run_gateway"]
