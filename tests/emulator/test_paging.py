from aiohttp.test_utils import make_mocked_request

from gateway.emulator.accounts import Record
from gateway.emulator.paging import Pages

REQUEST = make_mocked_request("GET", "/v1/events", headers={"Host": "gateway.example:8080"})
ITEMS: list[Record] = [{"n": number} for number in range(5)]


def next_id(page: Record) -> str:
    pages = page["pages"]
    assert isinstance(pages, dict)
    return str(pages["next_page"]).rsplit("/", 1)[1]


def test_next_page_is_absolute_and_the_last_page_has_none() -> None:
    pages = Pages(2)
    first = pages.first(REQUEST, owner="acc_1", name="events", items=ITEMS)
    second = pages.next(REQUEST, owner="acc_1", name="events", page_id=next_id(first))
    assert second is not None
    third = pages.next(REQUEST, owner="acc_1", name="events", page_id=next_id(second))

    assert str(first["pages"]).count("http://gateway.example:8080/v1/events/pages/") == 1
    assert (first["events"], second["events"]) == (ITEMS[:2], ITEMS[2:4])
    assert third == {"pages": {"current": 3, "total": 3}, "events": ITEMS[4:]}


def test_a_page_can_be_fetched_again() -> None:
    pages = Pages(2)
    page_id = next_id(pages.first(REQUEST, owner="acc_1", name="events", items=ITEMS))
    once = pages.next(REQUEST, owner="acc_1", name="events", page_id=page_id)
    twice = pages.next(REQUEST, owner="acc_1", name="events", page_id=page_id)

    assert once is not None
    assert twice is not None
    assert once["events"] == twice["events"]


def test_a_page_is_for_its_owner_and_its_list() -> None:
    pages = Pages(2)
    page_id = next_id(pages.first(REQUEST, owner="acc_1", name="events", items=ITEMS))

    assert pages.next(REQUEST, owner="acc_2", name="events", page_id=page_id) is None
    assert pages.next(REQUEST, owner="acc_1", name="free_busy", page_id=page_id) is None
    assert pages.next(REQUEST, owner="acc_1", name="events", page_id="x") is None


def test_an_empty_list_is_one_page() -> None:
    page = Pages(2).first(REQUEST, owner="acc_1", name="events", items=[])

    assert page == {"pages": {"current": 1, "total": 1}, "events": []}
