"""A training's folder is held, and refused at the beginning where nothing could be saved in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyph_memory.training import TrainingError
from glyph_memory.training.hold import hold_training


def test_two_trainings_never_share_a_folder(tmp_path: Path) -> None:
    """The second is told to wait, or to go elsewhere."""
    with (
        hold_training(tmp_path, ()),
        pytest.raises(TrainingError, match="another run writes"),
        hold_training(tmp_path, ()),
    ):
        pass


def test_a_name_that_is_no_unicode_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """Libraries that write weights take no such path, and would say so after hours."""
    with pytest.raises(TrainingError, match="another name"), hold_training(tmp_path / "a\udc80", ()):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["file", "file/in", "a\0b"])
def test_what_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    """A file in its place, for one."""
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="give another folder"), hold_training(tmp_path / name, ()):
        pass
