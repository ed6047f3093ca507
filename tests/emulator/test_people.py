from gateway.emulator.accounts import Account
from gateway.emulator.identities import Mode, Provider
from gateway.emulator.people import Connected, People


def connect(
    people: People,
    email: str,
    *,
    provider: Provider = "google",
    mode: Mode = "read_write",
    link_to: Account | None = None,
    may_link: bool = True,
) -> Connected:
    return people.connect(email=email, provider=provider, mode=mode, link_to=link_to, may_link=may_link)


def test_an_address_is_one_account() -> None:
    people = People()
    first, second = connect(people, "a@example.com"), connect(people, "a@example.com")

    assert second.account is first.account
    assert second.profile is first.profile


def test_another_provider_is_another_profile_of_it() -> None:
    people = People()
    first, second = connect(people, "a@example.com"), connect(people, "a@example.com", provider="apple")

    assert second.account is first.account
    assert [profile.provider for profile in first.account.profiles] == ["google", "apple"]


def test_a_mode_change_is_the_same_profile_but_no_access_is_another() -> None:
    """Without access there is no mailbox behind it, so nothing it could replace."""
    people = People()
    first = connect(people, "a@example.com")
    second = connect(people, "a@example.com", mode="free_busy")
    third = connect(people, "a@example.com", mode="no_access")

    assert second.profile is first.profile
    assert third.profile is not first.profile
    assert [profile.mode for profile in first.account.profiles] == ["free_busy", "no_access"]


def test_a_linked_address_leads_to_its_account_unless_linking_is_avoided() -> None:
    people = People()
    account = connect(people, "a@example.com").account
    connect(people, "b@example.com", link_to=account)

    assert connect(people, "b@example.com").account is account
    assert connect(people, "b@example.com", may_link=False).account is not account


def test_an_address_that_was_linked_first_becomes_an_account_of_its_own_later() -> None:
    people = People()
    first = connect(people, "a@example.com").account
    connect(people, "b@example.com", link_to=first)
    own = connect(people, "b@example.com", may_link=False).account

    assert connect(people, "b@example.com").account is own


def test_ids_survive_a_restart() -> None:
    first, second = connect(People(), "a@example.com"), connect(People(), "a@example.com")

    assert first.account.account_id == second.account.account_id
    assert first.profile == second.profile


def test_a_service_account_takes_the_last_choice_of_its_administrator() -> None:
    people = People()
    first = people.connect_service(email="admin@example.org", provider="google", mode="free_busy")
    second = people.connect_service(email="admin@example.org", provider="microsoft", mode="read_write")

    assert first is second
    assert (first.provider, first.mode) == ("microsoft", "read_write")


def test_an_application_calendar_is_opened_once() -> None:
    people = People()
    calendar = people.open_application_calendar("rota")

    assert people.open_application_calendar("rota") is calendar
    assert calendar.account_id.startswith("apc_")
    assert calendar.profiles[0].identity == ("cronofy", "cronofy")


def test_an_old_cookie_is_nobody() -> None:
    assert People().find_browser("stale") is None
