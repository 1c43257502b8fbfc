"""Training the nano reader: its data, its steps, and that what numpy reads is what torch learned."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from glyph_memory import GlyphMemoryError, PageStyle
from glyph_memory.evaluate import make_texts
from glyph_memory.nano.alphabet import CLASSES, IDEOGRAPHS, NUMBER_OF, STEP_PX, find_class
from glyph_memory.nano.held_out import is_held_out
from glyph_memory.nano.network import Network, read_weights
from glyph_memory.nano.training.dataset import Plan
from glyph_memory.nano.training.drawn import list_characters
from glyph_memory.nano.training.faces import SANS, choose_face, list_faces
from glyph_memory.nano.training.foreign import RASTERISERS, Pen, draw_foreign_page
from glyph_memory.nano.training.library import load_library as training_library
from glyph_memory.nano.training.marks import GAP, MARKS, fold_lines
from glyph_memory.nano.training.model import (
    Glance,
    TrainableNetwork,
    compute_loss,
    export_glance,
    export_network,
)
from glyph_memory.nano.training.scripts import LANGUAGES, make_word
from glyph_memory.nano.training.strips import WIDTH, cut_page, make_ideographs, make_strips
from glyph_memory.nano.training.styles import choose_style
from glyph_memory.nano.training.train import Training
from glyph_memory.transcription import UNREADABLE
from glyph_memory.typesetting.fonts import SHIPPED
from glyph_memory.typesetting.trace import trace_pages

SHORT = Plan(steps=4, glance_steps=2, workers=0, threads=1)


def heard(_: str) -> None:
    """Take what a training tells."""


def test_a_trace_says_where_every_character_was_drawn() -> None:
    """The pen's place in quarters of a pixel, its line, that line's baseline."""
    (trace,) = trace_pages("ab cd\nefg", style=PageStyle.glyph())
    assert trace.text == "ab cd\nefg"
    assert trace.line.tolist() == [0] * 6 + [1] * 3
    assert trace.baselines.tolist() == [24, 34]
    assert trace.x[:2].tolist() == [12.5, 18.0]
    ink = trace.page.array() < 128
    assert ink[24 - 7 : 24, 12:18].any()
    assert not ink[24:26].any()  # nothing of "ab cd" hangs below


def test_a_trace_tells_marks_and_escapes() -> None:
    """Newlines drawn as marks, and characters that are spelled as their numbers."""
    (trace,) = trace_pages("a\u200bb\nc", style=PageStyle.glyph().dense())
    assert [character for character, marked in zip(trace.text, trace.marked, strict=True) if marked] == ["\n"]
    assert trace.escaped.tolist() == [False, True, False, False, False]


def test_a_page_of_a_seed_is_always_the_same() -> None:
    """Another number gives another page."""
    one, again, other = make_strips(5, 2), make_strips(5, 2), make_strips(5, 3)
    assert np.array_equal(one.ink, again.ink)
    assert np.array_equal(one.label, again.label)
    assert one.ink.shape != other.ink.shape or not np.array_equal(one.ink, other.ink)


def test_labels_stand_where_the_ink_is() -> None:
    """Next to every labelled character that has ink there is some."""
    strips = make_strips(7, 0)
    blank = NUMBER_OF[" "]
    strip, cell = np.nonzero((strips.label >= 0) & (strips.label != blank))
    around = np.clip((cell * STEP_PX)[:, None] + np.arange(-4, 8), 0, WIDTH - 1)
    seen = strips.ink[strip[:, None], :, around].max(axis=(1, 2))
    assert len(strip) > 500
    assert (seen > 60).mean() > 0.99


def test_nothing_that_is_measured_is_trained_on() -> None:
    """Not the paragraphs that error rates are measured on, nor the sources of modules that are held out."""
    library = training_library()
    trained = " ".join(library.paragraphs) + " ".join(" ".join(lines) for lines in library.sources)
    seen = " ".join(trained.split())
    measured = make_texts(["prose"], characters=400_000)["prose"].split("\n")[:-1]
    assert len(measured) > 300
    assert not [paragraph for paragraph in measured if paragraph in seen]
    assert is_held_out("inspect")
    assert " ".join(inspect.getsource(inspect).split())[20_000:20_200] not in seen


def test_half_of_all_pages_have_the_default_style() -> None:
    """Before those that other programs draw; the rest are of all looks, and each can be drawn."""
    styles = [choose_style(Random(seed)) for seed in range(300)]
    share = sum(style == PageStyle.glyph() for style in styles) / len(styles)
    assert 0.5 < share < 0.7
    assert len(set(styles)) > 50


def test_ideographs_are_cut_out_with_their_numbers() -> None:
    """As the second look will see them."""
    ink, numbers = make_ideographs(1, 0)
    assert len(ink) == len(numbers) > 200
    assert (ink.reshape(len(ink), -1).max(axis=1) > 60).mean() > 0.98


def test_an_ideograph_that_is_not_known_is_told_apart() -> None:
    """Its number is the one after all; most have their own."""
    _, numbers = make_ideographs(1, 0)
    assert 0 < (numbers == len(IDEOGRAPHS)).mean() < 0.3


def test_foreign_pages_say_where_their_characters_are() -> None:
    """However a rasteriser draws: ink begins at about the pen's place, and nothing is told where none is."""
    for seed in range(12):
        drawn = draw_foreign_page(Random(seed), "Hamburg Hill ox 1234\n" * 4, "")
        for x, line in zip(
            drawn.x[drawn.number == NUMBER_OF["H"]], drawn.line[drawn.number == NUMBER_OF["H"]], strict=True
        ):
            row = int(drawn.baselines[line])
            before, behind = (
                drawn.ink[row - 6 : row, int(x) - 1],
                drawn.ink[row - 6 : row, int(x) : int(x) + 6],
            )
            assert behind.max() > 0.3
            assert before.max() < behind.max()


def test_every_rasteriser_draws() -> None:
    """A letter of each has ink above the baseline and is as wide as its advance, about."""
    for raster in RASTERISERS.values():
        pen = Pen((SANS,), 12, raster)
        canvas = np.zeros((24, 24), np.float32)
        pen.draw(canvas, "H", 4, 16)
        rows, columns = np.nonzero(canvas > 0.3)
        assert rows.min() < 10
        assert rows.max() == 15
        assert 4 <= columns.min() <= 6
        assert columns.max() <= 4 + pen.advance("H")


def test_lines_are_folded_into_marks_with_counts() -> None:
    """Newlines, indentation, runs and gaps; the words stay, and one line is left."""
    text = "def f():\n        x = 1\n\n\n\n\n# ==========\na          b\n\t\tc"
    folded = {fold_lines(Random(seed), text).replace(GAP, "") for seed in range(60)}
    assert not any("\n" in one for one in folded)
    assert any("⏎8x = 1⏎×5# =×10⏎a·10b⏎2→c" in one for one in folded)
    assert any(" \\n8 x = 1 \\n×5 # =×10 \\n a·10b \\n2→ c" in one for one in folded)


def test_marks_are_found_where_they_are() -> None:
    """With their counts; plain numbers are none."""
    assert MARKS.findall("a⏎8b \\n12 c =×80 ·14 7 ⏎×5 4d ⏎2→e") == [
        "⏎8", "\\n12", "×80", "·14", "⏎×5 4", "⏎2→",
    ]  # fmt: skip


def test_a_gap_beside_a_mark_is_nothing() -> None:
    """What is drawn there has no label, neither a space's nor an unreadable sign's."""
    codes = np.array([*map(ord, f"a{GAP}⏎b")], np.uint32)
    x = np.arange(4.0)
    line, marked = np.zeros(4, np.int64), np.zeros(4, np.bool_)
    places, numbers, _ = list_characters(codes, x, x + 1, line, marked)
    assert numbers.tolist() == [NUMBER_OF["a"], NUMBER_OF["⏎"], NUMBER_OF["b"], NUMBER_OF[" "]]
    assert places.tolist() == [0, 2, 3, 4]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_a_language_are_all_known(language: str) -> None:
    """Every letter is a class, or looks like one; of Lithuanian's, one is given up and learned as unreadable."""
    for seed in range(40):
        word = make_word(Random(seed), language)
        assert word
        assert {character for character in word if find_class(character) == NUMBER_OF[UNREADABLE]} <= {"ė"}


def test_fonts_of_a_folder_are_drawn_with(tmp_path: Path) -> None:
    """By family, at any depth; a font without Latin letters and what is no font are left out."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "one.ttf").write_bytes(Path(SANS).read_bytes())
    (tmp_path / "notes.txt").write_text("no font")
    faces = list_faces(str(tmp_path))
    assert [face.path for family in faces.values() for face in family] == [str(tmp_path / "deep" / "one.ttf")]
    chosen = {choose_face(Random(seed), str(tmp_path)) for seed in range(50)}
    assert str(tmp_path / "deep" / "one.ttf") in chosen
    assert list_faces("") == {}


def test_a_page_without_a_single_line_has_no_strips() -> None:
    """The training goes on with the next."""
    drawn = draw_foreign_page(Random(1), "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 30, "")
    assert cut_page(Random(1), replace(drawn, baselines=drawn.baselines - 10_000)).ink.shape == (0, 20, WIDTH)


def test_a_few_steps_make_the_loss_smaller() -> None:
    """On one batch, over and over: the network can learn."""
    torch.manual_seed(0)
    strips = make_strips(1, 1)
    ink, label = torch.from_numpy(strips.ink[:32]), torch.from_numpy(strips.label[:32])
    network = TrainableNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    losses = []
    for _ in range(25):
        finding, telling = compute_loss(network, ink, label)
        losses.append((finding + telling).item())
        torch.autograd.backward(finding + telling)
        optimizer.step()
        optimizer.zero_grad()
    assert losses[-1] < losses[0] / 2


def test_numpy_reads_what_torch_learned(tmp_path: Path) -> None:
    """The weights as they are written down give the same features, to half precision."""
    training = Training(tmp_path, SHORT, say=heard)
    training.train()
    network = training.mean.module.eval()
    assert isinstance(network, TrainableNetwork)
    ours = Network(dict(read_weights(training.weights.read_bytes())))
    ink = make_strips(3, 0).ink[:8]
    with torch.no_grad():
        features = network.features(torch.from_numpy(ink).float() / 255)
        begins = torch.sigmoid(network.begins(features))[:, 0].view(len(ink), -1)
    found = ours.find_characters(ink, range(len(ink)))
    np.testing.assert_allclose(found.begins, begins.numpy()[found.strip, found.cell], atol=5e-3)


def test_thesecond_look_is_written_down_likewise() -> None:
    """Its layers, in numpy, tell what torch tells."""
    torch.manual_seed(0)
    glance = Glance().eval()
    given = {
        name: weight.float().numpy()
        for name, weight in {**export_network(TrainableNetwork()), **export_glance(glance)}.items()
    }
    ink, _ = make_ideographs(1, 0)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        told = glance(torch.from_numpy(ink[:50])).float().softmax(1)
    which, chance = Network(given).classify_ideographs(ink[:50])
    np.testing.assert_allclose(chance, told.numpy()[np.arange(50), which], atol=2e-3)


def test_a_training_that_was_cut_off_goes_on_to_the_same_end(tmp_path: Path) -> None:
    """Two steps, a new process' worth of objects, two more: the weights of four in one go."""
    whole = Training(tmp_path / "whole", SHORT, say=heard)
    whole.train()
    first = Training(tmp_path / "parts", replace(SHORT, steps=2, cool_down=0.7), say=heard)
    first.plan = replace(SHORT, steps=2, cool_down=0.7)  # the rate of the first steps is that of the whole
    first.train()
    second = Training(tmp_path / "parts", SHORT, say=heard)
    assert second.step == 2
    second.train()
    one, other = load_file(whole.weights), load_file(second.weights)
    assert one.keys() == other.keys()
    assert all(torch.allclose(one[name].float(), other[name].float(), atol=2e-3) for name in one)


def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path) -> None:
    """In one line that names it."""
    Training(tmp_path, replace(SHORT, steps=1), say=heard).train()
    with pytest.raises(GlyphMemoryError, match="give another folder"):
        Training(tmp_path, replace(SHORT, seed=2), say=heard)


def test_one_command_trains_and_writes_weights_and_a_card(tmp_path: Path) -> None:
    """With so few steps that it has learned nothing; the card says what was done."""
    command = [sys.executable, "-m", "glyph_memory.nano.training", str(tmp_path)]
    small = [
        "--fonts",
        str(SHIPPED),
        "--steps",
        "2",
        "--glance-steps",
        "1",
        "--workers",
        "0",
        "--threads",
        "1",
    ]
    done = subprocess.run([*command, *small], check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert set(load_file(tmp_path / "nano.safetensors")) >= {"layer0.weight", "begins.bias", "glance2.weight"}
    card = (tmp_path / "CARD.md").read_text()
    assert "2 steps of 128 strips" in card
    assert f"which of {len(CLASSES)}" in card
    assert "of `--fonts` DejaVu Sans Mono" in card
    assert "FOLDER --fonts FONTS --steps 2 --glance-steps 1 --seed 1" in card
