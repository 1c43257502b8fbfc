"""Save a trained model so that everything that loads the model it was made from loads it, too: `save_trained`.

Knows transformers' and peft's files; knows nothing about trainers.
"""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

from transformers import AutoModelForImageTextToText

from glyph_memory.files import move_folder, share_files
from glyph_memory.readers.local.quiet import load_quietly
from glyph_memory.training.models.loading import TrainableModel
from glyph_memory.training.samples import TrainingError

_COPIED = (
    "preprocessor_config.json",
    "processor_config.json",
    "video_preprocessor_config.json",
    "chat_template.json",
    "chat_template.jinja",
)
"""Files of the model that training does not change."""


def save_trained(trainable: TrainableModel, folder: str | Path) -> Path:
    """Write the weights, the tokenizer and the processors' settings; return the folder.

    With LoRA it holds the adapter alone, which peft and vLLM load beside the model that it was made from. It is written
    beside its place and moved there: the folder is whole, or it is not there.

    Raises:
        TrainingError: It cannot be written, or something is there.
    """
    target = Path(folder)
    if target.exists():
        raise TrainingError(f"{str(target)!r} is there already; give another folder, or remove it")
    draft = target.with_name(f".{target.name}-{uuid4().hex}.part")
    try:
        draft.mkdir(parents=True)
        with load_quietly():
            trainable.model.save_pretrained(draft)
        trainable.tokenizer.save_pretrained(draft)
        for name in _COPIED:
            if (source := Path(trainable.loaded.path) / name).is_file():
                shutil.copyfile(source, draft / name)
        share_files(draft)
        move_folder(draft, target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise TrainingError(
            f"the model cannot be saved in {str(target)!r}: {error.strerror or error}. Free some space, or give "
            "another folder"
        ) from error
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def restore_weights(model: Any, checkpoint: str | Path) -> None:  # noqa: ANN401 - any architecture
    """Load the weights of a checkpoint into a model that is trained whole.

    For trainers' `_load_from_checkpoint`: transformers' own looks for the names that a model has while it runs, and
    files of some families, Qwen2.5-VL's among them, have those of the hub. It skips what it does not find, says
    nothing, and goes on with the first weights.
    """
    with load_quietly():
        saved = AutoModelForImageTextToText.from_pretrained(
            checkpoint, dtype=model.dtype, local_files_only=True
        )
    model.load_state_dict(saved.state_dict())
