import pytest

from gateway.emulator.accounts import Account
from gateway.emulator.grants import CODE_LIFETIME, Grant, Grants
from gateway.emulator.rotation import Rotation
from tests.emulator.visitor import Clock

CALLBACK = "https://app.example.com/callback?tenant=1"
OFF, STRICT, GRACE = Rotation(kind="off"), Rotation(kind="strict"), Rotation(kind="grace", grace=30)
REVOKING = Rotation(kind="strict", reuse_revokes=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def grants(clock: Clock) -> Grants:
    return Grants(clock)


def grant(account_id: str = "acc_1", *, granted_by: str = "", scope: str = "read_write") -> Grant:
    kind = "service_account" if account_id.startswith("ser_") else "account"
    account = Account(account_id=account_id, kind="service_account" if kind == "service_account" else "account")
    return Grant(account=account, profile=None, scope=scope, redirect_uri=CALLBACK, granted_by=granted_by)


def test_a_code_is_good_once(grants: Grants) -> None:
    code = grants.new_code(grant())

    assert grants.redeem(code, CALLBACK) is not None
    assert grants.redeem(code, CALLBACK) is None


def test_a_code_is_bound_to_its_redirect_uri(grants: Grants) -> None:
    code = grants.new_code(grant())

    assert grants.redeem(code, CALLBACK.partition("?")[0]) is None
    assert grants.redeem(code, CALLBACK) is not None


@pytest.mark.parametrize(("seconds", "is_good"), [(CODE_LIFETIME - 1, True), (CODE_LIFETIME, False)])
def test_a_code_lives_ten_minutes(grants: Grants, clock: Clock, seconds: float, is_good: bool) -> None:
    code = grants.new_code(grant())
    clock.now += seconds

    assert (grants.redeem(code, CALLBACK) is not None) is is_good


def test_an_account_has_one_refresh_token_whoever_asks(grants: Grants) -> None:
    one = grant()
    first = grants.authorize(one)
    token = first.refresh_token
    one.scope = "free_busy_write"
    second = grants.authorize(one)

    assert second is first
    assert (second.refresh_token, second.scope) == (token, "free_busy_write")


def test_a_rotated_refresh_token_stops_working_and_the_new_one_is_handed_out(grants: Grants) -> None:
    one = grant()
    old = grants.authorize(one).refresh_token
    renewed = grants.refresh(old, STRICT)

    assert renewed is not None
    assert renewed.refresh_token != old
    assert grants.refresh(old, STRICT) is None
    assert grants.authorize(one).refresh_token == renewed.refresh_token


def test_without_rotation_it_stays(grants: Grants) -> None:
    old = grants.authorize(grant()).refresh_token
    renewed = grants.refresh(old, OFF)

    assert renewed is not None
    assert renewed.refresh_token == old


def test_in_the_grace_a_replaced_one_leads_to_the_present_one(grants: Grants, clock: Clock) -> None:
    """It replaces nothing itself, or two callers would chase each other."""
    authorization = grants.authorize(grant())
    oldest = authorization.refresh_token
    grants.refresh(oldest, GRACE)
    older = authorization.refresh_token
    clock.now += 10
    grants.refresh(older, GRACE)
    present = authorization.refresh_token
    clock.now += 19

    assert len({oldest, older, present}) == 3
    assert [grants.refresh(token, GRACE) for token in (oldest, older, oldest)] == [authorization] * 3
    assert authorization.refresh_token == present
    assert grants.find(oldest) is authorization
    clock.now += 1
    assert (grants.refresh(oldest, GRACE), grants.find(oldest)) == (None, None)
    assert grants.refresh(older, GRACE) is authorization
    clock.now += 10
    assert grants.refresh(older, GRACE) is None


@pytest.mark.parametrize("later", [OFF, GRACE])
def test_what_was_replaced_at_once_has_no_grace_afterwards(grants: Grants, later: Rotation) -> None:
    """The kind under which a token was replaced decides, not the one under which it is used again."""
    authorization = grants.authorize(grant())
    old = authorization.refresh_token
    grants.refresh(old, STRICT)

    assert grants.refresh(old, later) is None


def test_a_reuse_can_end_the_whole_authorization(grants: Grants) -> None:
    authorization = grants.authorize(grant())
    access = grants.new_access_token(authorization, 60)
    old, other = authorization.refresh_token, grants.authorize(grant("acc_2"))
    grants.refresh(old, REVOKING)
    before = grants.refresh("unknown", REVOKING), grants.holder(access)

    assert before == (None, authorization)
    assert grants.refresh(old, REVOKING) is None
    assert grants.of_account("acc_1") is None
    assert grants.holder(access) is None
    assert grants.refresh(authorization.refresh_token, REVOKING) is None
    assert grants.of_account("acc_2") is other


def test_without_that_flag_a_reuse_is_merely_refused(grants: Grants) -> None:
    authorization = grants.authorize(grant())
    old = authorization.refresh_token
    grants.refresh(old, STRICT)

    assert grants.refresh(old, STRICT) is None
    assert grants.refresh(authorization.refresh_token, STRICT) is authorization


def test_an_access_token_lives_as_long_as_it_was_given(grants: Grants, clock: Clock) -> None:
    authorization = grants.authorize(grant())
    token = grants.new_access_token(authorization, 60)
    before = grants.holder(token)
    clock.now += 60

    assert before is authorization
    assert grants.holder(token) is None
    assert grants.find(token) is None
    assert grants.find(authorization.refresh_token) is authorization


def test_a_revocation_ends_all_tokens_and_codes_of_the_account(grants: Grants) -> None:
    one = grant()
    authorization = grants.authorize(one)
    access, code = grants.new_access_token(authorization, 60), grants.new_code(one)
    other = grants.authorize(grant("acc_2"))
    grants.revoke(authorization)

    assert grants.holder(access) is None
    assert grants.redeem(code, CALLBACK) is None
    assert grants.of_account("acc_1") is None
    assert grants.refresh(authorization.refresh_token, OFF) is None
    assert grants.of_account("acc_2") is other


def test_a_service_account_takes_along_whom_it_delegated(grants: Grants) -> None:
    service = grants.authorize(grant("ser_1"))
    grants.authorize(grant("acc_1", granted_by="ser_1"))
    own = grants.authorize(grant("acc_2"))
    grants.revoke(service)

    assert grants.of_account("acc_1") is None
    assert grants.of_account("acc_2") is own
