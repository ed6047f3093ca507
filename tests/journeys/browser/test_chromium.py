"""A machine without Chromium is told what to install; the journeys are never skipped in silence."""

from pathlib import Path

import pytest

from tests.journeys.browser.chromium import ChromiumMissing, chromium


def test_a_missing_chromium_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ChromiumMissing, match="install chromium"):
        chromium()
