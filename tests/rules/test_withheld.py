"""Whether an answer repeats a credential, in whatever spelling."""

import base64
import json
from urllib.parse import quote

import pytest

from gateway.rules.withheld import repeats, without_repeating

SECRET = "s3cr/t+with&odd=letters-0123456789"
SPELLED = {
    "as it is": f'{{"error":"bad {SECRET}"}}',
    "in a form": f"client_secret={quote(SECRET, safe='')}&x=1",
    "with a slash escaped": json.dumps({"a": SECRET}).replace("/", "\\/"),
    "in code points": '{"a":"' + "".join(f"\\u{ord(one):04x}" for one in SECRET) + '"}',
    "as a name": json.dumps({SECRET: 1}),
    "in HTTP Basic": "Basic " + base64.b64encode(f"id:{SECRET}".encode()).decode(),
    "in HTTP Basic of a longer id": "Basic " + base64.b64encode(f"id-1:{SECRET}".encode()).decode(),
    "on a page": f"<pre>Bearer {SECRET}\\/</pre>",
}


@pytest.mark.parametrize("how", SPELLED)
def test_a_credential_is_found_in_any_spelling(how: str) -> None:
    assert repeats(SPELLED[how].encode(), ["another-secret", SECRET])
    assert not repeats(SPELLED[how].encode(), ["another-secret-0123456789"])


def test_nothing_is_found_in_what_repeats_nothing() -> None:
    """An empty or tiny credential would be found everywhere."""
    for said in (b"", b'{"error":"invalid_grant"}', b"\xff\x00\\", b'{"a":' * 100_000):
        assert not repeats(said, [SECRET, "", "a"])


def test_the_members_that_repeat_a_credential_go_and_the_others_stay_byte_for_byte() -> None:
    raw = f'{{"sub":"acc_1", "n":1.10,"debug":{{"sent":["{SECRET}"]}},"{SECRET}":0,"é":"\\u00e9"}}'.encode()
    assert without_repeating(raw, [SECRET]) == '{"sub":"acc_1","n":1.10,"é":"\\u00e9"}'.encode()
    assert without_repeating(raw, ["another-secret-0123456789"]) == raw
