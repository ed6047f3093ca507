"""`Gateway-Account`: one, well formed, and only for operations that are called for an account."""

import pytest

from gateway.rules.account_header import account_required, is_sub, named_account, require_account_operation
from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused
from gateway.rules.operation_table import extra_operation
from gateway.rules.operations import OPERATIONS, Credential, Operation


def account(*values: str) -> str:
    return named_account([("Authorization", "Bearer x"), *(("gateway-ACCOUNT", one) for one in values)])


@pytest.mark.parametrize("sub", ["acc_5700a00eb0ccd07000000000", "ser_1", "apc_a-b_C"])
def test_an_account_is_named_by_its_sub(sub: str) -> None:
    assert account(sub) == account(f" {sub} ") == sub
    assert is_sub(sub)


def test_without_the_header_none_is_named() -> None:
    assert account() == ""


@pytest.mark.parametrize(
    "values",
    [
        ("acc_1", "acc_1"),
        ("acc_1", "acc_2"),
        ("",),
        ("acc_",),
        ("acc_1,acc_2",),
        ("acc_1 acc_2",),
        ("pro_1",),
        ("Acc_1",),
        ("acc_\u00e9",),
        ("../acc_1",),
        ("acc_" + "x" * 201,),
    ],
)
def test_two_and_malformed_ones_are_refused_without_an_echo(values: tuple[str, ...]) -> None:
    with pytest.raises(RequestRefused) as caught:
        account(*values)
    assert caught.value.code is Code.ACCOUNT_HEADER_REFUSED
    assert not values[0].strip("acer_") or values[0] not in caught.value.public


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.name)
def test_every_operation_either_goes_with_an_account_or_says_why_not(operation: Operation) -> None:
    if operation.credentials & {Credential.USER, Credential.SERVICE_ACCOUNT}:
        require_account_operation(operation)
        assert account_required(operation).code is Code.ACCOUNT_REQUIRED
        assert "Gateway-Account" in account_required(operation).public
        return
    with pytest.raises(RequestRefused) as caught:
        require_account_operation(operation)
    assert caught.value.code is Code.ACCOUNT_HEADER_REFUSED
    assert operation.name in caught.value.public
    assert account_required(operation).code is Code.OPERATION_REFUSED


def test_an_extra_operation_may_go_with_an_account() -> None:
    require_account_operation(extra_operation("GET /v1/new_things"))
