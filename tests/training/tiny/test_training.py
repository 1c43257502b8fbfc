"""Each stage learns; a training that was cut off comes to the same weights; a loss that is no number stops it."""

# mypy: allow-untyped-calls

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glyph_memory.training import TrainingError
from glyph_memory.training.tiny import TinyPlan, train_tiny
from glyph_memory.training.tiny.assemble import assemble_model, load_language_model
from glyph_memory.training.tiny.batches import IGNORED, BatchMaker
from glyph_memory.training.tiny.learner import Learner
from glyph_memory.training.tiny.optimizers import make_optimizers
from glyph_memory.training.tiny.plan import STAGES, Stage
from glyph_memory.training.tiny.training import TinyTraining


def _open(folder: Path, llama: Path, plan: TinyPlan) -> TinyTraining:
    given, tokenizer = load_language_model(llama)
    return TinyTraining(folder, assemble_model(given, tokenizer, plan.tower), tokenizer, plan)


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_lowers_its_loss(llama: Path, plan: TinyPlan, stage: Stage) -> None:
    """On a batch that it sees again and again."""
    given, tokenizer = load_language_model(llama)
    learner = Learner(assemble_model(given, tokenizer, plan.tower))
    maker = BatchMaker(plan, tokenizer)
    batch = maker.make_answers(0, 1, 2) if stage == "answer" else maker.make_pages(0, 1, 4)
    optimizers = make_optimizers(learner, stage)
    losses = []
    for _ in range(30):
        torch.manual_seed(0)
        measured = learner.measure(stage, batch)
        losses.append(measured.loss.item())
        measured.loss.backward()
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["share"] * 4e-3
            optimizer.step()
            optimizer.zero_grad()
    assert losses[-1] < 0.9 * losses[0]


def test_only_what_a_stage_names_is_changed(llama: Path, plan: TinyPlan) -> None:
    """The language model waits until the last stage, and its embeddings never change."""
    learner = Learner(_open_model(llama, plan))
    assert not any("language_model" in name for name in learner.choose_weights("read"))
    assert not any("language_model" in name for name in learner.choose_weights("connect"))
    answering = learner.choose_weights("answer")
    assert any("language_model.layers" in name for name in answering)
    assert not any("embed_tokens" in name for name in answering)


def _open_model(llama: Path, plan: TinyPlan) -> object:
    given, tokenizer = load_language_model(llama)
    return assemble_model(given, tokenizer, plan.tower)


def test_a_cells_target_tells_its_tokens_and_their_order(llama: Path, plan: TinyPlan) -> None:
    """Of one token: its own embedding. Of two: another one when they change places."""
    learner = Learner(_open_model(llama, plan))
    one, two, turned = (learner.make_targets(torch.tensor([tokens])) for tokens in ([5, -1], [5, 9], [9, 5]))
    assert torch.equal(one[0], learner.embeddings[5])
    assert not torch.allclose(two, turned)


def test_what_is_learned_of_a_conversation_is_its_answers(llama: Path, plan: TinyPlan) -> None:
    """Cells, questions and what stands between are no labels."""
    _, tokenizer = load_language_model(llama)
    assemble_model(load_language_model(llama)[0], tokenizer, plan.tower)
    maker = BatchMaker(plan, tokenizer)
    batch = maker.make_answers(3, 1, 2)
    for ids, labels in zip(batch.ids, batch.labels, strict=True):
        said = tokenizer.decode(ids[labels != IGNORED])
        assert said.endswith("<|im_end|>")
        assert "<|image_pad|>" not in said
        assert "?" not in said
    assert torch.equal(batch.ids, maker.make_answers(3, 1, 2).ids)  # the same step, the same batch


def test_a_training_that_was_cut_off_comes_to_the_same_weights(
    llama: Path, plan: TinyPlan, tmp_path: Path
) -> None:
    """Cut off in the middle of each stage."""
    short = plan.scale(0.15)
    whole = _open(tmp_path / "whole", llama, short)
    whole.train()
    for _ in range(20):
        cut = _open(tmp_path / "cut", llama, short)
        if cut.stage is None:
            break
        _train_steps(cut, 2)
    weights, again = whole.learner.state_dict(), cut.learner.state_dict()
    assert cut.stage is None
    assert all(torch.equal(weights[name], again[name]) for name in weights)


def _train_steps(training: TinyTraining, steps: int) -> None:
    """Train until so many steps of a stage are done, keep that, and be killed."""
    learn, left = training.learner.measure, steps

    def measure(stage: Stage, batch: object) -> object:
        nonlocal left
        if not left:
            training.save_checkpoint()
            raise KeyboardInterrupt
        left -= 1
        return learn(stage, batch)  # type: ignore[arg-type]  # it is passed on

    training.learner.measure = measure  # type: ignore[method-assign, assignment]  # a kill has no door of its own
    try:
        training.train()
    except KeyboardInterrupt:
        return


def test_a_loss_that_is_no_number_stops_and_the_last_checkpoint_stays(
    llama: Path, plan: TinyPlan, tmp_path: Path
) -> None:
    """It tells the step and where the checkpoint is."""
    training = _open(tmp_path, llama, plan)
    training.save_checkpoint()
    kept = (tmp_path / "checkpoint.pt").read_bytes()
    with torch.no_grad():
        training.learner.reader.bias.fill_(float("nan"))
    with pytest.raises(TrainingError, match=r"loss is nan at step 0.*checkpoint\.pt"):
        training.train()
    assert (tmp_path / "checkpoint.pt").read_bytes() == kept


def test_a_checkpoint_of_another_plan_is_refused(llama: Path, plan: TinyPlan, tmp_path: Path) -> None:
    """As is one that is broken."""
    _open(tmp_path, llama, plan).save_checkpoint()
    with pytest.raises(TrainingError, match="another plan"):
        _open(tmp_path, llama, replace(plan, seed=7))
    (tmp_path / "checkpoint.pt").write_bytes(b"half a file")
    with pytest.raises(TrainingError, match="another folder"):
        _open(tmp_path, llama, plan)


def test_one_call_trains_and_writes_a_model(llama: Path, plan: TinyPlan, tmp_path: Path) -> None:
    """By the minute, too: the stages end with the time."""
    told = list[str]()
    hasty = replace(
        plan,
        read=replace(plan.read, minutes=0.002),
        connect=replace(plan.connect, minutes=0.002),
        answer=replace(plan.answer, minutes=0.002),
    )
    folder = train_tiny(tmp_path, hasty, language_model=llama, say=told.append)
    assert (folder / "config.json").exists()
    assert [line.split()[0] for line in told] == ["read", "connect", "answer"]
