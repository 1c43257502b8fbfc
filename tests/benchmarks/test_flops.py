"""The arithmetic of text against pages: known answers, and torch's own counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib import flop_check
from lib.flops import GLM_9B, TINY, Work
from lib.random_network import build_network
from lib.ratios import compare


def test_glm_has_ten_billion_parameters() -> None:
    """As transformers builds it: 9,400,279,040 of the language model, 892,498,432 of the vision tower."""
    assert (GLM_9B.language_parameters, GLM_9B.vision_parameters) == (9_400_279_040, 892_498_432)
    assert GLM_9B.parameters == 10_292_777_472


def test_a_token_keeps_forty_kib() -> None:
    """40 layers, two heads of 128, keys and values, two bytes."""
    assert GLM_9B.count_kv_bytes(1) == 40_960
    assert GLM_9B.count_kv_bytes(131_072) == 5 * 2**30


def test_the_longest_text_takes_eight_quadrillion_flops() -> None:
    """128K tokens: 2.14 PFLOP of matrices and 5.63 of attention; by hand."""
    work = GLM_9B.count_prefill(131_072)
    assert work.matrices / 1e15 == pytest.approx(2.14, abs=0.005)
    assert work.attention / 1e15 == pytest.approx(5.63, abs=0.005)


def test_sixty_five_pages_are_five_times_less() -> None:
    """40,960 tokens of pages: 1.22 PFLOP read and 0.30 seen; 5.1 times less than the text."""
    pages = GLM_9B.count_pages([60 * 42] * 65, 40_960)
    assert pages.total / 1e15 == pytest.approx(1.52, abs=0.005)
    assert GLM_9B.count_prefill(131_072).total / pages.total == pytest.approx(5.1, abs=0.05)


def test_cached_tokens_are_attended_to_and_not_read() -> None:
    """A question behind n tokens and those n tokens by themselves are all of it, but for the head, which both need."""
    both = GLM_9B.count_prefill(1000) + GLM_9B.count_prefill(200, cached=1000)
    head = 2 * GLM_9B.vocabulary * GLM_9B.hidden
    whole = GLM_9B.count_prefill(1200)
    assert both.attention == pytest.approx(whole.attention)
    assert both.matrices == pytest.approx(whole.matrices + head)


def test_a_step_reads_weights_once_and_every_sequences_keys() -> None:
    """17.5 GiB of weights; then 5 GiB for each sequence of 128K tokens."""
    one, two = (GLM_9B.count_step_bytes(131_072, batch) for batch in (1, 2))
    assert two - one == 5 * 2**30
    assert (one - 5 * 2**30) / 1e9 == pytest.approx(17.56, abs=0.01)


def test_torch_counts_the_same() -> None:
    """Parameters laid out without memory; FLOPs of a small network's matrices and convolutions, to the last one."""
    assert flop_check.check_arithmetic()["parameters"] == 10_292_777_472


@pytest.mark.parametrize("change", [{"inner": 257}, {"vision_layers": 3}, {"kv_heads": 1}])
def test_a_wrong_formula_is_noticed(change: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The check compares with a network that is built from other numbers than the formula is given."""
    wrong = replace(TINY, **change)
    monkeypatch.setattr(flop_check, "TINY", wrong)
    monkeypatch.setattr(flop_check, "build_network", lambda _, **options: build_network(TINY, **options))
    with pytest.raises(SystemExit, match="torch counts"):
        flop_check.check_arithmetic()


def test_ratios_stand_beside_their_bounds() -> None:
    """Times chosen so that pages reach the bound of prefill exactly, and half of that of decoding."""
    text, pages = GLM_9B.count_prefill(131_136), GLM_9B.count_pages([2520] * 65, 41_144)
    steps = [GLM_9B.count_step_bytes(tokens, 8) / 1e12 for tokens in (131_136, 41_144)]
    found = compare(
        GLM_9B,
        _measured(131_136, text, steps[0]) | {"whole_s": 30.0},
        _measured(41_144, pages, 2 * steps[1])
        | {"overlapped_s": 12.0, "prefill_s": 10.0, "cpu_s": {"decode": 8.0}},
        [2520] * 65,
    )
    assert found["prefill_bound"] == pytest.approx(text.total / pages.total)
    assert found["decode_most_share"] == pytest.approx(0.5)
    assert found["whole"] == 2.5
    assert found["hidden"] == 0.75


def test_what_was_not_measured_has_no_ratio() -> None:
    """Out of memory on one side; the bounds are arithmetic, and stay."""
    text = _measured(100, Work(), None) | {"prefill_s": None, "decode_most": {"batch": 0, "step_s": None}}
    found = compare(TINY, text, _measured(50, Work(), 1.0), [100])
    assert (found["prefill"], found["prefill_share"], found["decode_most"], found["whole"]) == (None,) * 4
    assert found["prefill_bound"] > 0


def _measured(tokens: int, work: Work, step_s: float | None) -> dict[str, object]:
    step = {"batch": 8, "step_s": step_s}
    one = {"batch": 1, "step_s": 1.0}
    return {
        "tokens": tokens,
        "prefill_s": work.total / 1e14,
        "follow_up_s": 1.0,
        "decode_one": one,
        "decode_most": step,
    }
