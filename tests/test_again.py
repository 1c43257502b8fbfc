"""A test that failed in the suite has one more chance, alone; one that is broken has none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import again


@pytest.fixture
def tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a test that passes alone and one that does not."""
    (tmp_path / "test_it.py").write_text("def test_passes(): pass\ndef test_fails(): assert False\n")
    monkeypatch.setattr(again, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("failed", "code", "said"),
    [
        (["test_passes"], 0, "unsteady: test_it.py::test_passes"),
        (["test_passes", "test_fails"], 1, "broken: test_it.py::test_fails"),
        ([], 1, "0 tests are listed"),
        (["test_passes"] + [f"test_{number}" for number in range(3)], 1, "4 tests are listed"),
    ],
)
def test_what_passes_alone_is_unsteady_and_the_rest_is_broken(
    tests: Path, capsys: pytest.CaptureFixture[str], failed: list[str], code: int, said: str
) -> None:
    """Each is named; many at once are not run again."""
    listed = tests / "lastfailed"
    listed.write_text(json.dumps({f"test_it.py::{name}": True for name in failed}))
    assert again.main(listed) == code
    assert said in capsys.readouterr().out


def test_a_run_that_left_no_list_is_broken(tests: Path) -> None:
    """It did not come so far, or nobody knows."""
    assert again.main(tests / "missing") == 1
    (tests / "half").write_text("{")
    assert again.main(tests / "half") == 1
