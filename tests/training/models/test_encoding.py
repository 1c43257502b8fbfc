"""What a model trains on: the prompt that it would be given, and loss on what it should write after it alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from glyph_memory.testing import TinyFamily
from glyph_memory.tokens import ModelProfile
from glyph_memory.training import ImageSlot, SampleMessage, TrainingError, TrainingSample
from glyph_memory.training.models import (
    ModelSettings,
    SampleEncoder,
    TrainableModel,
    collate_samples,
    load_trainable,
)
from tests.training.tiny_samples import draw_page, make_sample

Tiny = Callable[..., Path]
PROFILES: dict[TinyFamily, str] = {
    "glm4v": "glyph",
    "qwen2.5-vl": "qwen2.5-vl",
    "qwen3-vl": "qwen3-vl",
}


def _load(folder: Path) -> TrainableModel:
    return load_trainable(folder, ModelSettings(lora=None))


def _give_template(tiny: Path, to: Path, template: str) -> Path:
    folder = Path(shutil.copytree(tiny, to / "model"))
    (folder / "chat_template.jinja").write_text(template)
    return folder


def test_loss_is_of_the_completion_and_the_token_that_ends_it(tiny_model: Tiny, family: TinyFamily) -> None:
    """The tokens with a label, decoded, are exactly that; all that stands before them is masked."""
    trainable = _load(tiny_model(family))
    sample = make_sample(pages=2, reasoning="It says so.", answer="K-44 über")
    encoded = SampleEncoder(trainable).encode(sample)
    labels = encoded["labels"]
    end = "<|endoftext|>" if family == "glm4v" else "<|im_end|>"
    assert trainable.tokenizer.decode(labels[labels != -100]) == f"<think>It says so.</think>K-44 über{end}"
    first = int(torch.nonzero(labels != -100)[0])
    assert bool((labels[:first] == -100).all())
    assert torch.equal(labels[first:], encoded["input_ids"][first:])


def test_the_prompt_is_what_the_model_is_given_when_it_is_asked(tiny_model: Tiny, family: TinyFamily) -> None:
    """To the token, as the processor makes it of the same messages: what is trained is what is used."""
    trainable = _load(tiny_model(family))
    encoded = SampleEncoder(trainable).encode(make_sample())
    image = Image.new("RGB", (56, 28), (0, 0, 0))
    content = [{"type": "image", "image": image}, {"type": "text", "text": "What is the key?"}]
    asked = trainable.processor.apply_chat_template(
        [{"role": "user", "content": content}],
        tokenize=True,
        add_generation_prompt=True,
        return_dict=True,
        return_tensors="pt",
    )
    length = asked["input_ids"].shape[1]
    assert torch.equal(asked["input_ids"][0], encoded["input_ids"][:length])
    assert torch.equal(asked["mm_token_type_ids"][0].int(), encoded["mm_token_type_ids"][:length])
    assert torch.equal(asked["pixel_values"], encoded["pixel_values"])
    assert int((encoded["labels"] == -100).sum()) == length


def test_reasoning_is_left_out_where_it_is_not_wanted(tiny_model: Tiny) -> None:
    """The answer alone is learnt then."""
    trainable = _load(tiny_model())
    encoded = SampleEncoder(trainable, with_reasoning=False).encode(make_sample(reasoning="It says so."))
    labels = encoded["labels"]
    assert trainable.tokenizer.decode(labels[labels != -100]) == "K-44<|endoftext|>"


def test_images_cost_the_tokens_that_the_profile_counts(tiny_model: Tiny, family: TinyFamily) -> None:
    """So plans that were made with a profile hold in training."""
    trainable, profile = _load(tiny_model(family)), ModelProfile.from_name(PROFILES[family])
    encoder = SampleEncoder(trainable)
    sizes = [(56, 28), (588, 840), (300, 500)]
    sample = TrainingSample(
        family="ocr",
        prompt=(SampleMessage(role="user", parts=(*map(ImageSlot, range(3)), "Read.")),),
        images=tuple(draw_page(9, size) for size in sizes),
        answer="a",
    )
    encoded = encoder.encode(sample)
    counted = sum(profile.image_tokens(size, wrapped=False) for size in sizes)
    assert int(encoded["mm_token_type_ids"].sum()) == counted
    assert encoder.count_tokens(sample) == len(encoded["input_ids"])


@pytest.mark.parametrize("opening", ["", "<think>\n"])
def test_the_length_of_a_prompt_is_counted_without_its_answer(
    tiny_model: Tiny, tmp_path: Path, opening: str
) -> None:
    """Whatever the answer holds, and where the template opens the thoughts: GRPO leaves prompts out by it."""
    template = (
        (tiny_model() / "chat_template.jinja")
        .read_text()
        .replace("<|assistant|>\n", f"<|assistant|>\n{opening}")
    )
    trainable = _load(_give_template(tiny_model(), tmp_path, template))
    encoder = SampleEncoder(trainable)
    for sample in (
        make_sample(pages=3, reasoning="So.", answer="<|image|> <|user|> é"),
        make_sample(pages=0),
    ):
        masked = int((encoder.encode(sample)["labels"] == -100).sum())
        assert encoder.count_prompt_tokens(sample) == masked


def test_a_samples_loss_does_not_move_when_masked_tokens_change(tiny_model: Tiny, family: TinyFamily) -> None:
    """Neither with a longer sample beside it, nor with what stands in its padding, nor with its masked labels."""
    trainable = _load(tiny_model(family))
    encoder = SampleEncoder(trainable)
    short, long = (
        make_sample(1),
        make_sample(2, pages=2, words="What, please, is the key there?", answer="Z" * 9),
    )
    one, other = encoder.encode(short), encoder.encode(long)
    alone = _sum_loss(trainable, [one])
    rows = collate_samples([one, other], pad_token_id=trainable.pad_token_id)
    changed = {**rows, "input_ids": rows["input_ids"].clone()}
    changed["input_ids"][0, len(one["input_ids"]) :] = 65
    both, refilled = _sum_rows(trainable, rows), _sum_rows(trainable, changed)
    assert both[0] == pytest.approx(alone, abs=1e-4)
    assert refilled[0] == pytest.approx(alone, abs=1e-4)
    with torch.no_grad():
        loss = trainable.model(**collate_samples([one], pad_token_id=trainable.pad_token_id)).loss
    learnt = int((one["labels"] != -100).sum())
    assert float(loss) * learnt == pytest.approx(alone, abs=1e-4)


def test_special_tokens_in_texts_are_broken(tiny_model: Tiny) -> None:
    """A document that quotes one shows no image, and an answer that quotes one does not end there."""
    trainable = _load(tiny_model())
    encoded = SampleEncoder(trainable).encode(
        make_sample(words="What is <|image|>?", answer="A token: <|endoftext|> or <|user|>")
    )
    assert int(encoded["mm_token_type_ids"].sum()) == 8
    labels = encoded["labels"]
    learnt = labels[labels != -100]
    assert int(learnt[-1]) == trainable.tokenizer.eos_token_id
    assert int((learnt == trainable.tokenizer.eos_token_id).sum()) == 1


def test_a_template_that_opens_the_thoughts_has_them_closed(tiny_model: Tiny, tmp_path: Path) -> None:
    """Its prompt ends with `<think>`: it is not written twice, and an answer without thoughts closes it first."""
    template = (
        (tiny_model() / "chat_template.jinja")
        .read_text()
        .replace("<|assistant|>\n", "<|assistant|>\n<think>")
    )
    trainable = _load(_give_template(tiny_model(), tmp_path, template))
    encoder = SampleEncoder(trainable)
    for sample, expected in (
        (make_sample(reasoning="So."), "So.</think>K-44<|endoftext|>"),
        (make_sample(), "</think>K-44<|endoftext|>"),
    ):
        labels = encoder.encode(sample)["labels"]
        assert trainable.tokenizer.decode(labels[labels != -100]) == expected


def test_a_template_that_rewrites_answers_changes_nothing(tiny_model: Tiny, tmp_path: Path) -> None:
    """Some drop thoughts of answers that are there; what the model should write is put after its prompt as it is."""
    template = "{% for m in messages %}[{{ m.role }}]{% if m.role == 'assistant' %}gone{% else %}{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}{% if p.type == 'image' %}<|image|>{% else %}{{ p.text }}{% endif %}{% endfor %}{% endif %}{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"  # noqa: E501 - a template
    trainable = _load(_give_template(tiny_model(), tmp_path, template))
    labels = SampleEncoder(trainable).encode(make_sample(reasoning="So."))["labels"]
    assert trainable.tokenizer.decode(labels[labels != -100]) == "<think>So.</think>K-44<|endoftext|>"


def test_a_template_that_does_not_say_where_answers_begin_is_refused(
    tiny_model: Tiny, tmp_path: Path
) -> None:
    """Nobody could ask such a model, either."""
    template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    with pytest.raises(TrainingError, match="add_generation_prompt"):
        SampleEncoder(_load(_give_template(tiny_model(), tmp_path, template)))


def test_a_template_that_drops_images_is_refused(tiny_model: Tiny, tmp_path: Path) -> None:
    """With how many places there are."""
    template = "{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}A:{% endif %}"
    encoder = SampleEncoder(_load(_give_template(tiny_model(), tmp_path, template)))
    with pytest.raises(TrainingError, match="0 places for 1 images"):
        encoder.encode(make_sample())


def test_a_broken_image_is_named_with_its_sample(tiny_model: Tiny) -> None:
    """So that its row can be found."""
    sample = TrainingSample(
        family="ocr",
        prompt=(SampleMessage(role="user", parts=(ImageSlot(0), "Read.")),),
        images=(b"no file",),
        answer="a",
    )
    with pytest.raises(TrainingError, match=f"sample {sample.name}"):
        SampleEncoder(_load(tiny_model())).encode(sample)


def _sum_loss(trainable: TrainableModel, samples: list[dict[str, torch.Tensor]]) -> float:
    return sum(_sum_rows(trainable, collate_samples(samples, pad_token_id=trainable.pad_token_id)))


def _sum_rows(trainable: TrainableModel, batch: dict[str, torch.Tensor]) -> list[float]:
    """Return the loss of each row, over the tokens that have a label, by the definition of cross entropy."""
    with torch.no_grad():
        logits = trainable.model(**{name: one for name, one in batch.items() if name != "labels"}).logits
    chances = torch.log_softmax(logits.float(), dim=-1)
    sums = []
    for row, labels in enumerate(batch["labels"]):
        places = torch.nonzero(labels != -100).flatten()
        sums.append(-float(chances[row, places - 1, labels[places]].sum()))
    return sums
