"""Bodies and parameters that would turn one call into another behind the gateway's back.

Cronofy is written in Ruby. Rack reads a form's fields into the parameters that a JSON rule judged, and takes a field
`_method` for the method of the request; a POST without a Content-Type counts as a form. The API documents JSON only,
and no SDK sends a form to `/v1`.

Source: Rack::MethodOverride and Rack::Request#form_data? (rack 3).
"""

import re
from collections.abc import Sequence
from typing import Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.queries import parse_query, seen_names

_OVERRIDE: Final = "_method"
_FORM: Final = "application/x-www-form-urlencoded"
_SEPARATOR: Final = re.compile(r"[;,]")


def refuse_override(query: str) -> None:
    """Refuse a query that names another method.

    Raises:
        RequestRefused: `method_override_refused`.
    """
    if "method" in query.lower() or "%" in query:
        for parameter in parse_query(query):
            if _OVERRIDE in seen_names(parameter):
                raise RequestRefused(
                    Code.METHOD_OVERRIDE_REFUSED, f"Send the method itself; {_OVERRIDE} in the query is not accepted."
                )


def refuse_form(method: str, content_types: Sequence[str]) -> None:
    """Refuse a body that Rack would read as a form.

    Args:
        method: of the request.
        content_types: the values of Content-Type.

    Raises:
        RequestRefused: `unsupported_media_type`.
    """
    declared = [_SEPARATOR.split(one)[0].strip().lower() for one in content_types] or [""]
    if any(one == _FORM or one.startswith("multipart/") or (not one and method == "POST") for one in declared):
        raise RequestRefused(
            Code.UNSUPPORTED_MEDIA_TYPE, "Send this body as application/json; forms are not part of the Cronofy API."
        )
