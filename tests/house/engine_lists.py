"""The lists of operations in the engines' files, made from the gateway's route table; `make docs` writes them."""

import re
from itertools import groupby
from pathlib import Path
from typing import Final

from gateway.rules.engine_calls import is_for_engines
from gateway.rules.operations import OPERATIONS, Operation

NGINX: Final = Path(__file__).parents[2] / "config" / "engines" / "nginx" / "gateway-http.conf"
_MARKS: Final = re.compile(r"(# operations: begin\n).*?(# operations: end\n)", re.DOTALL)
_NAMED: Final = re.compile(r"\{[a-z_]+\}")


def carried() -> list[Operation]:
    """Return the operations that an engine carries."""
    return [one for one in OPERATIONS if is_for_engines(one)]


def nginx_map() -> str:
    """Return nginx' map of the targets that it carries: one expression for each method, as bytes were sent."""

    def method(one: Operation) -> str:
        return one.method

    lines = []
    for name, rows in groupby(sorted(carried(), key=method), key=method):
        methods = "(?:GET|HEAD)" if name == "GET" else name
        paths = "|".join(_NAMED.sub("[^/?#]+", one.template.removeprefix("/v1/")) for one in rows)
        lines.append(f'    "~^{methods}:/v1/(?:{paths})/?(?:[?]|$)" 1;\n')
    return 'map "$request_method:$request_uri" $gateway_operation {\n    default "";\n' + "".join(lines) + "}\n"


def with_list(text: str, made: str) -> str:
    """Return a file with a list between its marks."""
    if not _MARKS.search(text):
        raise ValueError("the file has no marks")
    return _MARKS.sub(lambda match: f"{match.group(1)}{made}{match.group(2)}", text)


def main() -> None:
    """Write the lists into their files."""
    NGINX.write_text(with_list(NGINX.read_text(encoding="utf-8"), nginx_map()), encoding="utf-8")


if __name__ == "__main__":
    main()
