"""Metrics: each gateway has its own, each is explained."""

from gateway.observe.metrics import Metrics


def test_two_gateways_in_one_process_do_not_share_metrics() -> None:
    one, other = Metrics(), Metrics()
    one.upstream_retries.inc()
    assert b"gateway_upstream_retries_total 1.0" in one.render()
    assert b"gateway_upstream_retries_total 0.0" in other.render()


def test_every_metric_is_ours_and_explained() -> None:
    for metric in Metrics().registry.collect():
        assert metric.name.startswith("gateway_")
        assert metric.documentation.endswith(".")
