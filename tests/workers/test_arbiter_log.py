"""What gunicorn says becomes events, as loud as it matters."""

from structlog.testing import capture_logs

from gateway.workers.arbiter_log import ArbiterLog


def test_words_are_put_together_and_chatter_is_for_debug() -> None:
    log = ArbiterLog(None)
    with capture_logs() as lines:
        log.info("Booting worker with pid: %s", 7)
        log.warning("Worker (pid:%s) was sent %s!", 7, "SIGUSR1")
        log.critical("WORKER TIMEOUT (pid:%s)", 7)
        log.debug("Current configuration: %s", "all of it")
        log.access("a request")
    assert [(line["log_level"], line["text"]) for line in lines] == [
        ("debug", "Booting worker with pid: 7"),
        ("warning", "Worker (pid:7) was sent SIGUSR1!"),
        ("error", "WORKER TIMEOUT (pid:7)"),
    ]
    assert {line["event"] for line in lines} == {"arbiter.told"}


def test_of_an_error_only_its_kind_is_told() -> None:
    """Its text may quote what was being worked on."""
    log = ArbiterLog(None)
    with capture_logs() as lines:
        try:
            int("canary")
        except ValueError:
            log.exception("Exception in worker process")
    assert [line["error"] for line in lines] == ["ValueError"]
    assert "canary" not in str(lines)


def test_it_has_no_files_and_takes_a_new_configuration() -> None:
    log = ArbiterLog("old")
    log.setup("new")
    log.reopen_files()
    log.close_on_exec()
    assert (log.cfg, log.access_log) == ("new", None)
