from aiohttp.test_utils import make_mocked_request

from gateway.emulator.request_log import RequestLog


def test_names_are_kept_and_values_are_not() -> None:
    log = RequestLog()
    headers = {"Authorization": "Bearer secret-token", "X-Thing": "secret-thing"}
    log.add(make_mocked_request("GET", "/v1/events?a=secret-a&b[]=&a=2", headers=headers), 200)

    assert log.entries() == [
        {
            "method": "GET",
            "path": "/v1/events",
            "query_names": ["a", "b[]", "a"],
            "header_names": ["authorization", "x-thing"],
            "status": 200,
        }
    ]


def test_the_emulators_own_pages_are_not_listed() -> None:
    log = RequestLog()
    for path in ("/", "/_emulator/requests", "/_emulator/pages.css", "/favicon.ico"):
        log.add(make_mocked_request("GET", path), 200)

    assert log.entries() == []


def test_the_newest_are_last_and_the_oldest_are_dropped() -> None:
    log = RequestLog()
    for number in range(1005):
        log.add(make_mocked_request("GET", f"/v1/{number}"), 200)
    entries = log.entries()
    log.clear()

    assert (len(entries), entries[0]["path"], entries[-1]["path"]) == (1000, "/v1/5", "/v1/1004")
    assert log.entries() == []
