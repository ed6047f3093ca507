"""`check-config`, `keys` and a refused start: every complaint at once, where, how to mend it, and no traceback."""

import re
from pathlib import Path

import pytest

from gateway.adapters.key_ring import generate_key, parse_key_ring
from tests.journeys.processes import SECRET, Ended, run, settings_file

COMMANDS = ["check-config", "serve"]
WEAK = '"short"'


def assert_told(ended: Ended, path: Path, *complaints: tuple[str, str]) -> None:
    """Each complaint with its place, the line of the file that it is on, and a hint; nothing of a secret."""
    assert ended.code == 1
    assert "Traceback" not in ended.err + ended.out
    lines = path.read_text().splitlines()
    told = [line for line in ended.err.splitlines() if line.startswith("error")]
    for place, problem in complaints:
        (line,) = [one for one in told if f" {place} " in one]
        assert problem in line
        assert re.search(r"\(.+\)$", line)
        number = re.search(r"gateway\.toml:(\d+): ", line)
        if number:
            key = place.rpartition(".")[2]
            assert key in lines[int(number[1]) - 1] or lines[int(number[1]) - 1].startswith("[")
    assert len(told) == len(complaints)
    for secret in ("short", SECRET, "CRN_the-applications-secret"):
        assert secret not in ended.err + ended.out


async def test_settings_that_can_be_used_are_a_0(tmp_path: Path) -> None:
    ended = await run("check-config", "--config", str(settings_file(tmp_path)))
    assert (ended.code, ended.out) == (0, "The settings can be used. 1 client(s).\n")
    assert ended.err.startswith("warning ")
    assert "public_url is plain http, on loopback only" in ended.err
    assert not (tmp_path / "records.db").exists()


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_complaint_is_told_at_once(tmp_path: Path, command: str) -> None:
    more = """redirect_wildcards = true
[clients.second]
secrets = ["client-secret-of-the-app-0123456789"]
redirect_uris = ["https://*.*.example.com/", "http://app.example.com/callback"]
application = "nowhere"
"""
    path = settings_file(tmp_path, public_url='"http://gateway.example.com"', secrets="[]", ring='""', more=more)
    ended = await run(command, "--config", str(path))
    assert ended.err.count("redirect_uris") == 2
    ended = Ended(ended.code, ended.out, re.sub(r"error [^\n]*redirect_uris[^\n]*\n", "", ended.err))
    assert_told(
        ended,
        path,
        ("public_url", "is plain http"),
        ("keys.ring", "is missing"),
        ("clients.second.application", "'nowhere' is not configured"),
    )


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_weak_secret_is_refused_on_an_address_that_others_reach(tmp_path: Path, command: str) -> None:
    changes = {"public_url": '"https://gateway.example.com"', "host": '"0.0.0.0"'}
    path = settings_file(tmp_path, **changes, secrets='["short"]', client_secret=WEAK)
    ended = await run(command, "--config", str(path))
    weak = "is weak"
    assert_told(ended, path, ("applications.main.client_secret", weak), ("clients.my-app.secrets", weak))


async def test_a_weak_secret_is_a_warning_on_loopback(tmp_path: Path) -> None:
    ended = await run("check-config", "--config", str(settings_file(tmp_path, secrets='["short"]')))
    assert ended.code == 0
    assert "clients.my-app.secrets is weak" in ended.err


@pytest.mark.parametrize(
    ("ring", "problem"),
    [
        ('"not base64 at all!"', "key 1 is not 32 bytes in base64"),
        (f'"{"A" * 43}="', "key 1 is not random"),
        (f'"{generate_key()};c2hvcnQ="', "key 2 is not 32 bytes in base64"),
        ("RING;RING", "the same key stands in the ring twice"),
    ],
)
async def test_a_ring_that_cannot_be_used_is_told_without_a_key(tmp_path: Path, ring: str, problem: str) -> None:
    key = generate_key()
    written = f'"{key};{key}"' if ring == "RING;RING" else ring
    ended = await run("check-config", "--config", str(settings_file(tmp_path, ring=written)))
    assert ended.code == 1
    assert f"error keys.ring {problem}" in ended.err
    assert written.strip('"').split(";")[0] not in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("public_url = ", "gateway.toml", "is not TOML"),
        ("publik_url = 'https://x.example'", "publik_url", "is no setting"),
        ("[clients.'a b']\nsecrets = []", "clients.a b", "string should match pattern"),
        ("[listen]\nport = 99999", "listen.port", "less than or equal to 65535"),
        ("[proxy]\nextra_operations = ['GET /v2/x']", "proxy.extra_operations", "write it as METHOD /v1/path"),
        ("[upstream]\nread_timeout = 0", "upstream.read_timeout", "greater than 0"),
        ("[store]\nurl = 'mysql://x'", "store.url", "must be sqlite:///FILE"),
    ],
)
async def test_a_slip_is_told_with_its_place(tmp_path: Path, text: str, place: str, problem: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    ended = await run("check-config", "--config", str(path))
    assert ended.code == 1
    (line,) = [one for one in ended.err.splitlines() if problem in one]
    assert place in line
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_missing_file_is_a_sentence(tmp_path: Path, command: str) -> None:
    ended = await run(command, "--config", str(tmp_path / "nowhere.toml"))
    assert ended.code == 1
    assert "nowhere.toml cannot be read: No such file or directory" in ended.err
    assert "Traceback" not in ended.err


async def test_a_generated_key_is_a_ring_and_a_secret(tmp_path: Path) -> None:
    first, second = (await run("keys", "generate")).out, (await run("keys", "generate")).out
    assert first != second
    assert len(parse_key_ring(f"{first}{second}")) == 2
    key = first.strip()
    changes = {"public_url": '"https://gateway.example.com"', "host": '"0.0.0.0"'}
    path = settings_file(tmp_path, **changes, ring=f'"{key}"', secrets=f'["{second.strip()}"]')
    assert (await run("check-config", "--config", str(path))).code == 0


async def test_a_store_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    path, url = settings_file(tmp_path), "sqlite:////nowhere/at/all.db"
    path.write_text(re.sub(r'url = "sqlite[^"]*"', f'url = "{url}"', path.read_text()))
    ended = await run("serve", "--config", str(path))
    assert ended.code == 1
    assert ended.err.startswith("The gateway cannot start: the store's file cannot be opened")
    assert "Traceback" not in ended.err + ended.out


async def test_a_ca_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    path = settings_file(tmp_path, more=f'[upstream]\nca_file = "{tmp_path / "empty.pem"}"')
    ended = await run("serve", "--config", str(path))
    assert ended.code == 1
    assert ended.err.startswith("The gateway cannot start:")
    assert "Traceback" not in ended.err + ended.out
