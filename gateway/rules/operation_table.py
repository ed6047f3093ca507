"""Finding the operation of a request in the route table."""

from collections.abc import Iterable
from typing import Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operations import Credential, Match, Operation
from gateway.rules.request_target import Target, read_target

_MOST_READ: Final = 2_000
_LONGEST_READ: Final = 512  # bytes


def extra_operation(line: str) -> Operation:
    """Read a row of `extra_operations`: `METHOD /v1/path/{id}`, streamed and with any credential.

    Raises:
        ValueError: it is not such a line.
    """
    method, _, template = line.partition(" ")
    segments = template.split("/")[1:]
    well_formed = method in {"GET", "POST", "PUT", "PATCH", "DELETE"} and template.startswith("/v1/") and all(segments)
    # The table is indexed by the segment after /v1, so that one is always literal.
    if not well_formed or not template.isascii() or " " in template or "{" in segments[1]:
        raise ValueError("write it as METHOD /v1/path, such as: GET /v1/new_things/{id}")
    name = "extra_" + "_".join(part.strip("{}") for part in segments[1:]) + "_" + method.lower()
    return Operation(name, method, template, frozenset(Credential))


class OperationTable:
    """The rows, indexed so that a look-up costs the same for any number of them."""

    def __init__(self, rows: Iterable[Operation]) -> None:
        self._by_shape: dict[tuple[int, str], list[tuple[tuple[str, ...], Operation]]] = {}
        for row in rows:
            self._by_shape.setdefault((len(row.segments), row.segments[1]), []).append((row.segments, row))
        self._read: dict[tuple[str, str], tuple[Target, Match]] = {}

    def read(self, method: str, raw: str) -> tuple[Target, Match]:
        """Read a request target and name its operation; a path that was read before is not read again.

        What has a query is always read: a query may hold a credential, which is not to be remembered.

        Raises:
            RequestRefused: `bad_target`, `operation_unknown` or `method_not_allowed`.
        """
        known = self._read.get((method, raw))
        if known is None:
            target = read_target(raw)
            known = target, self.match(method, target)
            if "?" not in raw and len(raw) <= _LONGEST_READ:
                if len(self._read) >= _MOST_READ:
                    self._read.pop(next(iter(self._read)))
                self._read[method, raw] = known
        return known

    def match(self, method: str, target: Target) -> Match:
        """Name the operation of a request; a trailing slash makes no difference, HEAD counts as GET.

        Raises:
            RequestRefused: `operation_unknown`, or `method_not_allowed` with the methods in `Allow`.
        """
        raw = tuple(target.path.removesuffix("/").split("/")[1:])
        wanted = "GET" if method == "HEAD" else method
        allowed: list[str] = []
        # Literal segments are compared as sent: `/v1/c%61lendars` is no operation, whatever it decodes to.
        for template, operation in self._by_shape.get((len(raw), raw[1] if len(raw) > 1 else ""), ()):
            if all(part.startswith("{") or part == sent for part, sent in zip(template, raw, strict=True)):
                if operation.method == wanted:
                    pairs = zip(template, target.segments, strict=True)
                    return Match(operation, {part[1:-1]: value for part, value in pairs if part.startswith("{")})
                allowed.append(operation.method)
        if not allowed:
            raise RequestRefused(Code.OPERATION_UNKNOWN, "This is no operation of the Cronofy API that is known here.")
        names = sorted({*allowed, *(("HEAD",) if "GET" in allowed else ())})
        raise RequestRefused(
            Code.METHOD_NOT_ALLOWED,
            f"This path takes {', '.join(names)}.",
            headers={"Allow": ", ".join(names)},
        )
