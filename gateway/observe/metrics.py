"""The metrics, each with its help text; served at `/metrics` of the operations listener.

No label ever holds a token, an account or a raw path: labels are operation names, client ids, codes and statuses.

Several processes count in the files of one folder, each in its own, and any of them shows the sums of all.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_STORE_SECONDS = (0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0)


class Metrics:
    """All metrics of one gateway, on a registry of their own.

    Args:
        shared: the folder that several processes count in; from then on this process can count nowhere else.
    """

    def __init__(self, *, shared: Path | None = None) -> None:
        if shared is not None:
            _count_in(shared)
        self._shared = shared
        self._shown: set[tuple[str, str]] = set()
        self._counted: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "gateway_requests",
            "Requests answered, by route or operation, status and client.",
            ["operation", "status", "client"],
            registry=self.registry,
        )
        self.checks = Counter(
            "gateway_checks",
            "Questions of an engine, by operation, outcome (allowed, or the code of the refusal) and client.",
            ["operation", "outcome", "client"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "gateway_request_seconds",
            "Time from a request's head to the end of its answer.",
            ["operation"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.refusals = Counter(
            "gateway_refusals",
            "Requests that the gateway turned down, by code.",
            ["code"],
            registry=self.registry,
        )
        self.modes = Counter(
            "gateway_proxied_modes",
            "Proxied answers, by the access mode they named.",
            ["mode"],
            registry=self.registry,
        )
        self.connected_modes = Counter(
            "gateway_connected_modes",
            "Sign-ins, by access mode and client.",
            ["mode", "client"],
            registry=self.registry,
        )
        self.mode_rules = Counter(
            "gateway_mode_rules",
            "Places of bodies that a mode forbids, by rule, the rule's state and operation.",
            ["rule", "state", "operation"],
            registry=self.registry,
        )
        self.mode_changes = Counter(
            "gateway_mode_changes",
            "Profiles that were seen in another mode than before, by both modes.",
            ["before", "after"],
            registry=self.registry,
        )
        self.mode_lookups = Counter(
            "gateway_mode_lookups",
            "Userinfo calls of the gateway's own, by outcome.",
            ["outcome"],
            registry=self.registry,
        )
        self.mode_lookup_share = Gauge(
            "gateway_mode_lookup_share",
            "Share of the last minute's look-up budget (a tenth of Cronofy's rate limit) that is used, 0 to 1.",
            ["application"],
            registry=self.registry,
            multiprocess_mode="livemax",  # each process has a budget of its own
        )
        self.token_requests = Counter(
            "gateway_token_requests",
            "Token endpoint calls, by grant and outcome.",
            ["grant", "outcome"],
            registry=self.registry,
        )
        self.callbacks = Counter(
            "gateway_callbacks",
            "Callbacks about delegated accounts, by outcome: forwarded, unknown, bad_signature, unreadable, or why the"
            " client's app did not take it (refused_by_app, timeout, unreachable, address_refused).",
            ["outcome"],
            registry=self.registry,
        )
        self.refreshes = Counter(
            "gateway_refreshes",
            "Uses of a refresh token, by outcome: answered, refused, failed, or shared with another caller or node.",
            ["outcome"],
            registry=self.registry,
        )
        self.refresh_interruptions = Counter(
            "gateway_refresh_interruptions",
            "Refresh tokens used again after an answer was lost, by outcome: recovered or lost.",
            ["outcome"],
            registry=self.registry,
        )
        self.nodes = Gauge(
            "gateway_nodes",
            "Gateway processes that share the record store.",
            registry=self.registry,
            multiprocess_mode="livemostrecent",  # each counts all of them
        )
        self.records = Gauge(
            "gateway_records",
            "Records in the store, by kind and by the name of the key that sealed them; counted now and then.",
            ["kind", "key"],
            registry=self.registry,
            multiprocess_mode="livesum",  # one process counts, the others show nothing
        )
        self.store_up = Gauge(
            "gateway_store_up",
            "Whether the record store answers: 1 or 0.",
            registry=self.registry,
            multiprocess_mode="livemin",
        )
        self.store_seconds = Histogram(
            "gateway_store_seconds",
            "Time of a call to the record store.",
            ["call"],
            buckets=_STORE_SECONDS,
            registry=self.registry,
        )
        self.store_failures = Counter(
            "gateway_store_failures",
            "Calls that the record store did not carry out, by call; `spared` ones were not even tried.",
            ["call", "kind"],
            registry=self.registry,
        )
        self.reloads = Counter(
            "gateway_reloads",
            "Times that the settings were read again, by outcome: taken or refused.",
            ["outcome"],
            registry=self.registry,
        )
        self.reloaded_at = Gauge(
            "gateway_reloaded_at_seconds",
            "Unix time at which settings were last read again and taken over; 0 for never since the start.",
            registry=self.registry,
            multiprocess_mode="max",
        )
        self.upstream_failures = Counter(
            "gateway_upstream_failures",
            "Calls that Cronofy did not answer usably, by code.",
            ["code"],
            registry=self.registry,
        )
        self.application_secrets = Counter(
            "gateway_application_secrets",
            "Times that Cronofy refused an application's secret, by outcome: changed to the other one, or refused.",
            ["application", "outcome"],
            registry=self.registry,
        )
        self.upstream_retries = Counter(
            "gateway_upstream_retries", "Safe calls repeated on a fresh connection.", registry=self.registry
        )
        self.in_flight = Gauge(
            "gateway_requests_in_flight",
            "Requests being answered.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.malformed = Counter(
            "gateway_malformed_requests",
            "Requests that were not HTTP or over the limits.",
            registry=self.registry,
        )

    def count_request(self, operation: str, status: str, client: str, seconds: float) -> None:
        """Count an answered request; what its labels name is looked up once."""
        found = self._counted.get((operation, status, client))
        if found is None:
            found = self.requests.labels(operation, status, client), self.seconds.labels(operation)
            self._counted[operation, status, client] = found
        found[0].inc()
        found[1].observe(seconds)

    def show_records(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Show how many records there are, by kind and key, and nothing that was shown before."""
        for gone in self._shown - counts.keys():
            if self._shared is None:
                self.records.remove(*gone)
            else:
                self.records.labels(*gone).set(0)  # a file forgets no label
        self._shown = set(counts)
        for labels, number in counts.items():
            self.records.labels(*labels).set(number)

    def render(self) -> bytes:
        """Return the exposition in Prometheus' text format; where several processes count, it reads their files."""
        if self._shared is None:
            return generate_latest(self.registry)
        merged = CollectorRegistry()
        MultiProcessCollector(merged, path=str(self._shared))  # type: ignore[no-untyped-call]
        return generate_latest(merged)


def forget_process(shared: Path, pid: int) -> None:
    """Drop a dead process' gauges; what it counted stays."""
    mark_process_dead(pid, str(shared))  # type: ignore[no-untyped-call]


def _count_in(folder: Path) -> None:
    """Let this process count in files of a folder.

    prometheus_client reads the variable when it is imported, which is long past in a forked process; its own tests
    choose the class of values in this way.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
