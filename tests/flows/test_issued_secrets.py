"""Secrets that the gateway issues: random, recognisable, two at most."""

import pytest

from gateway.flows.issued_secrets import (
    PREFIX,
    ClientRefused,
    IssuedSecret,
    make_secret,
    with_secret,
    without_named,
    without_older,
)

OLD, NEW = IssuedSecret("cgs_old", 1.0), IssuedSecret("cgs_new", 2.0)


def test_a_secret_is_256_random_bits_behind_a_mark() -> None:
    """Scanners of source code find what has a mark of its own."""
    one, other = make_secret(1.0), make_secret(1.0)

    assert one.secret != other.secret
    assert one.secret.startswith(PREFIX)
    assert len(one.secret) == len(PREFIX) + 43


def test_neither_its_name_nor_its_representation_is_the_secret() -> None:
    one = make_secret(1.0)
    assert one.secret[4:] not in repr((one,))
    assert one.name in repr(one)
    assert (len(one.name), one.name in one.secret) == (12, False)


def test_a_third_one_is_refused_with_the_way_out() -> None:
    assert with_secret((OLD,), NEW) == (OLD, NEW)
    with pytest.raises(ClientRefused, match="--revoke-older") as caught:
        with_secret((OLD, NEW), make_secret(3.0))
    assert OLD.name in str(caught.value)
    assert OLD.secret not in str(caught.value)


def test_the_older_of_two_goes_and_one_alone_stays() -> None:
    """The one that an app uses alone must not go by a word that means another."""
    assert without_older((NEW, OLD)) == (NEW,)
    assert without_older((OLD,)) == (OLD,)
    assert without_older(()) == ()


def test_a_secret_is_named_by_the_beginning_of_its_name() -> None:
    assert without_named((OLD, NEW), [OLD.name[:6]]) == (NEW,)
    assert without_named((OLD, NEW), [OLD.name, NEW.name.upper()]) == ()
    for name in ("", "zz", "cgs_old"):
        with pytest.raises(ClientRefused, match="no active secret"):
            without_named((OLD, NEW), [name])


def test_a_name_that_fits_two_is_refused() -> None:
    same = [IssuedSecret(f"cgs_{number}", 1.0) for number in range(40)]
    first = next(one for one in same if sum(each.name[0] == one.name[0] for each in same) > 1)
    with pytest.raises(ClientRefused, match="several"):
        without_named(tuple(same), [first.name[0]])
