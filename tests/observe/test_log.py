"""The log: one object a line, nothing secret in it, libraries kept short."""

import io
import json
import logging
import os

import pytest
import structlog

from gateway.observe.log import set_up_log
from tests.log_state import kept_log


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def test_an_event_is_one_json_object(out: io.StringIO) -> None:
    with kept_log():
        set_up_log(stream=out)
        structlog.get_logger().info("token.bound", account="acc_1")
    line = json.loads(out.getvalue())
    assert (line["event"], line["account"], line["level"]) == ("token.bound", "acc_1", "info")
    assert line["timestamp"].endswith("Z")


def test_a_field_with_a_secrets_name_is_masked(out: io.StringIO) -> None:
    with kept_log():
        set_up_log(stream=out)
        structlog.get_logger().warning(
            "x", authorization="canary", token="canary", state="canary", code="invalid_grant"
        )
    assert "canary" not in out.getvalue()
    assert "invalid_grant" in out.getvalue()


def test_less_severe_events_are_left_out(out: io.StringIO) -> None:
    with kept_log():
        set_up_log(level="error", stream=out)
        structlog.get_logger().warning("x")
    assert out.getvalue() == ""


def test_a_librarys_warning_is_told_without_its_arguments_or_traceback(out: io.StringIO) -> None:
    with kept_log():
        set_up_log(stream=out)
        logging.getLogger("aiohttp.server").warning("bad header %s", "canary")
        logging.getLogger("asyncio").error("failed with canary", exc_info=ValueError("canary"))
        logging.getLogger("asyncio").debug("canary")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(line["about"], line["error"]) for line in lines] == [("aiohttp.server", ""), ("asyncio", "ValueError")]
    assert "canary" not in out.getvalue()


def test_a_line_names_its_process_where_several_write(out: io.StringIO) -> None:
    with kept_log():
        set_up_log(stream=out, with_pid=True)
        structlog.get_logger().info("gateway.started")
    assert json.loads(out.getvalue())["pid"] == os.getpid()


def test_people_get_colours_only_at_a_terminal(out: io.StringIO) -> None:
    with kept_log():
        set_up_log(form="console", stream=out)
        structlog.get_logger().info("gateway.started", port=1)
    assert "gateway.started" in out.getvalue()
    assert "\x1b[" not in out.getvalue()
