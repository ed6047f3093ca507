"""The other secret is tried once when Cronofy refuses the first, and whichever worked is kept."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from gateway.flows.application_secrets import ApplicationSecrets, WithWorkingSecret, credentials_refused
from gateway.flows.ports import ApiReply
from gateway.observe.metrics import Metrics
from gateway.rules.client import Application
from gateway.rules.error_codes import Code
from gateway.rules.errors import CronofyUnavailable
from tests.clock import FakeClock
from tests.flows.fakes import APPLICATION, FakeCronofy, kit, refreshes, token_reply

FIRST, OTHER = "cronofy-secret", "other-secret"
TWO = replace(APPLICATION, other_client_secret=OTHER)
INVALID = ApiReply(400, b'{"error":"invalid_client"}')
FIELDS = {"client_id": "cronofy-id", "client_secret": FIRST, "grant_type": "refresh_token", "refresh_token": "r"}


@dataclass
class Choosy:
    """A Cronofy that takes some secrets, and answers what it is told to else."""

    takes: set[str]
    refusal: ApiReply | CronofyUnavailable = INVALID
    answer: ApiReply | CronofyUnavailable = field(default_factory=token_reply)
    asked: list[str] = field(default_factory=list)

    async def token(self, _application: Application, fields: dict[str, Any]) -> ApiReply:
        self.asked.append(fields["client_secret"])
        assert {key: value for key, value in fields.items() if key != "client_secret"} == {
            key: value for key, value in FIELDS.items() if key != "client_secret"
        }
        await asyncio.sleep(0)
        reply = self.answer if fields["client_secret"] in self.takes else self.refusal
        if isinstance(reply, CronofyUnavailable):
            raise reply
        return reply

    revoke = token


def over(cronofy: Any, secrets: ApplicationSecrets | None = None) -> WithWorkingSecret:
    return WithWorkingSecret(cronofy, secrets or ApplicationSecrets())


def count(metrics: Metrics, outcome: str) -> float:
    labels = {"application": "main", "outcome": outcome}
    return metrics.registry.get_sample_value("gateway_application_secrets_total", labels) or 0.0


@pytest.mark.parametrize("call", ["token", "revoke"])
@pytest.mark.parametrize(
    "refusal", [INVALID, ApiReply(401, INVALID.body), ApiReply(401, b""), ApiReply(401, b"<html>no</html>")]
)
async def test_the_other_secret_is_tried_and_kept(refusal: ApiReply, call: str) -> None:
    """Ruby's SDK expects 401 for wrong credentials, C#'s tests have 400."""
    metrics, cronofy = Metrics(), Choosy({OTHER}, refusal)
    asking = over(cronofy, ApplicationSecrets(metrics))
    for _ in range(3):
        assert (await getattr(asking, call)(TWO, FIELDS)).status == 200

    assert cronofy.asked == [FIRST, OTHER, OTHER, OTHER]
    assert (count(metrics, "changed"), count(metrics, "refused")) == (1, 0)


async def test_it_finds_its_way_back_when_the_other_dies() -> None:
    cronofy = Choosy({OTHER})
    asking = over(cronofy)
    await asking.token(TWO, FIELDS)
    cronofy.takes = {FIRST}
    await asking.token(TWO, FIELDS)

    assert cronofy.asked == [FIRST, OTHER, OTHER, FIRST]
    assert asking.secrets.current(TWO) == FIRST


async def test_when_both_are_refused_it_is_told_after_two_calls() -> None:
    metrics, cronofy = Metrics(), Choosy(set())
    asking = over(cronofy, ApplicationSecrets(metrics))
    assert await asking.token(TWO, FIELDS) is INVALID

    assert cronofy.asked == [FIRST, OTHER]
    assert (count(metrics, "changed"), count(metrics, "refused")) == (0, 1)
    assert asking.secrets.current(TWO) == FIRST


async def test_an_application_with_one_secret_is_asked_once() -> None:
    cronofy = Choosy(set())
    assert await over(cronofy).token(APPLICATION, FIELDS) is INVALID
    assert cronofy.asked == [FIRST]


@pytest.mark.parametrize(
    "reply",
    [
        ApiReply(400, b'{"error":"invalid_grant"}'),
        ApiReply(401, b'{"error":"invalid_grant"}'),
        ApiReply(400, b'{"error":"invalid_request"}'),
        ApiReply(400, b""),
        ApiReply(403, INVALID.body),
        ApiReply(429, b""),
        ApiReply(500, INVALID.body),
        ApiReply(200, INVALID.body),
    ],
)
async def test_nothing_else_is_answered_by_another_try(reply: ApiReply) -> None:
    """The code or the refresh token may have been used."""
    cronofy = Choosy(set(), reply)
    assert await over(cronofy).token(TWO, FIELDS) is reply
    assert cronofy.asked == [FIRST]


async def test_a_call_whose_outcome_is_unclear_is_not_repeated() -> None:
    cronofy = Choosy(set(), CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow"))
    with pytest.raises(CronofyUnavailable):
        await over(cronofy).token(TWO, FIELDS)
    assert cronofy.asked == [FIRST]


@pytest.mark.parametrize(
    "answer", [ApiReply(500, b""), ApiReply(429, b""), CronofyUnavailable(Code.UPSTREAM_TIMEOUT, "slow")]
)
async def test_a_secret_that_nobody_took_is_not_kept(answer: ApiReply | CronofyUnavailable) -> None:
    asking = over(Choosy({OTHER}, answer=answer))
    try:
        await asking.token(TWO, FIELDS)
    except CronofyUnavailable:
        assert isinstance(answer, CronofyUnavailable)
    assert asking.secrets.current(TWO) == FIRST


async def test_callers_at_one_time_agree() -> None:
    metrics, cronofy = Metrics(), Choosy({OTHER})
    asking = over(cronofy, ApplicationSecrets(metrics))
    replies = await asyncio.gather(*(asking.token(TWO, FIELDS) for _ in range(50)))

    assert {one.status for one in replies} == {200}
    assert cronofy.asked.count(OTHER) == 50
    assert cronofy.asked.count(FIRST) <= 50
    assert (asking.secrets.current(TWO), count(metrics, "changed")) == (OTHER, 1)


def test_a_late_refusal_does_not_turn_everybody_back() -> None:
    secrets = ApplicationSecrets()
    secrets.turn_from(TWO, FIRST)
    secrets.turn_from(TWO, FIRST)
    assert secrets.current(TWO) == OTHER

    secrets.turn_from(APPLICATION, FIRST)
    assert secrets.current(APPLICATION) == FIRST


def test_a_secret_that_the_settings_lost_is_not_used() -> None:
    secrets = ApplicationSecrets()
    secrets.keep(TWO, OTHER)
    assert secrets.current(APPLICATION) == FIRST
    assert secrets.current(replace(TWO, name="another")) == FIRST


async def test_a_refresh_is_one_refresh_whichever_secret_works(clock: FakeClock) -> None:
    """The journal sees one question and one answer."""
    one, cronofy = kit(clock), FakeCronofy()
    cronofy.tokens.extend([INVALID, token_reply(refresh="refresh-2")])
    one.cronofy = cast("FakeCronofy", over(cronofy))
    refreshed = await refreshes(one).ask(TWO, "refresh-1")

    assert refreshed.reply.status == 200
    assert [fields["client_secret"] for _, fields in cronofy.asked] == [FIRST, OTHER]
    assert {fields["refresh_token"] for _, fields in cronofy.asked} == {"refresh-1"}


async def test_calls_with_a_token_pass_through() -> None:
    cronofy = FakeCronofy()
    cronofy.userinfos.append(ApiReply(401, b""))
    asking = over(cronofy)
    assert (await asking.userinfo(TWO, "t")).status == 401
    assert (await asking.revoke_profile(TWO, "t", "pro_1")).status == 202
    assert (await asking.authorize_conferencing(TWO, "t", {})).status == 200
    assert len(cronofy.asked) == 3


def test_the_failure_is_the_operators_to_mend() -> None:
    assert credentials_refused().code is Code.APPLICATION_CREDENTIALS_REFUSED
