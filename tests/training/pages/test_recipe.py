"""Sample number n is made of the seed and n alone, in a mixture by weights, and what else was taken is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest

from glyph_memory import PageStyle
from glyph_memory.training import TrainingError, TrainingSample
from glyph_memory.training.pages import (
    KeepOut,
    PageRecipe,
    StyleDistribution,
    StyleTheme,
    TextSpan,
    iter_samples,
)
from glyph_memory.training.pages.recipe import cut_spans
from glyph_memory.training.pages.sources import SourceFaults, read_strings


def test_a_sample_is_the_same_whatever_was_made_before(small_recipe: PageRecipe) -> None:
    """Alone, and after others; another seed gives another one."""
    alone = small_recipe.make(7).sample.name
    assert [small_recipe.make(number).sample.name for number in (3, 4, 7)][-1] == alone
    assert replace(small_recipe, seed=6).make(7).sample.name != alone


def test_families_come_as_often_as_their_weights_say(small_recipe: PageRecipe) -> None:
    """Three to one, within what chance allows; a family without weight never."""
    recipe = replace(small_recipe, families={"ocr": 3, "question": 1, "generation": 0})
    found = Counter(recipe.plan(number).family for number in range(800))
    assert set(found) == {"ocr", "question"} and 520 < found["ocr"] < 680


def test_samples_of_texts_use_all_of_the_text_in_order(small_recipe: PageRecipe, text: str) -> None:
    """The answers of pages that are to be read out are the text."""
    recipe = replace(small_recipe, families={"ocr": 1})
    samples = list(iter_samples([text], recipe=recipe))
    assert len(samples) > 20
    assert "\n".join(sample.answer for sample in samples) == text
    assert all(1 <= len(sample.images) <= 3 for sample in samples)


def test_what_is_known_of_a_sample_stands_beside_it(small_recipe: PageRecipe, text: str) -> None:
    """Its number, style, theme and texts; and the row gives it back."""
    sample = next(iter_samples([text], recipe=small_recipe))
    assert sample.details["number"] == 0 and sample.details["sources"] == ["text 0"]
    assert sample.details["style"] == {"page_width_pt": 200, "page_height_pt": 120}
    assert TrainingSample.from_row(sample.to_row()) == sample


def test_a_style_whose_font_is_missing_is_told_and_another_taken() -> None:
    """Half of the styles have it."""
    theme = StyleTheme.of("half", [[{"font": "No Such Font"}, {"page_width_pt": 200, "page_height_pt": 120}]])
    recipe = PageRecipe(styles=StyleDistribution(themes=(theme,)), pages_per_sample=1)
    made = [
        recipe.make(number, TextSpan(text="One line of text, and another one. " * 3)) for number in range(20)
    ]
    assert {"font" in one.sample.details["style"] for one in made} == {False}
    told = Counter[str]()
    for one in made:
        told.update(one.told)
    assert any("No Such Font" in reason for reason in told)


def test_where_no_style_can_draw_it_the_sample_is_refused() -> None:
    """It does not try for ever, and names the last reason."""
    styles = StyleDistribution(themes=(StyleTheme.of("none", [[{"font": "No Such Font"}]]),))
    with pytest.raises(TrainingError, match=r"sample 0 could not be drawn in 12 styles.*No Such Font"):
        PageRecipe(styles=styles).make(0)


def test_a_text_too_short_for_a_family_becomes_a_question_and_is_told(small_recipe: PageRecipe) -> None:
    """Nothing is left out silently."""
    recipe = replace(small_recipe, families={"interleaved": 1})
    made = recipe.make(0, TextSpan(text="short"))
    assert made.sample.family == "question"
    assert made.told == {"interleaved became question: too short to be parted": 1}


def test_spans_that_share_a_phrase_with_a_test_are_left_out_and_counted(
    small_recipe: PageRecipe, text: str
) -> None:
    """Thirteen words in a row are a phrase; all other text is used."""
    barred = KeepOut.of({"exam": "Line 7 says that item 57 is in box 30. Line 8 says that"})
    left_out = Counter[str]()
    pieces = read_strings([text], SourceFaults())
    spans = list(cut_spans(small_recipe, pieces, barred, left_out))
    assert left_out == {"exam": 1}
    assert not any("Line 7 says" in span.text for span in spans)
    assert any("Line 399" in span.text for span in spans)


def test_made_up_texts_never_end_and_are_kept_apart(small_recipe: PageRecipe) -> None:
    """One that shares a phrase is made anew, which is told."""
    first = small_recipe.make(0)
    words = list(islice(iter_samples(recipe=small_recipe), 3))
    assert words[0].name == first.sample.name
    span_text = _draw_made_text(small_recipe)
    again = small_recipe.make(0, keep_out=KeepOut.of({"exam": span_text}, words=5))
    assert again.sample.name != first.sample.name
    assert again.told["kept out: exam"] >= 1


def _draw_made_text(recipe: PageRecipe) -> str:
    """Return the text that sample 0 is made of."""
    return replace(recipe, families={"ocr": 1}).make(0).sample.answer


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"families": {"ocr": 0}}, "no family has a weight"),
        ({"families": {"odd": 1}}, "no family 'odd'"),
        ({"families": {"ocr": -1}}, "the weight of ocr=-1 is below 0"),
        ({"pages_per_sample": 0}, "pages_per_sample=0"),
        ({"seed": 1.5}, "seed=1.5 is no whole number"),
    ],
)
def test_settings_out_of_range_are_refused(options: dict[str, object], message: str) -> None:
    """With what to give."""
    with pytest.raises(TrainingError, match=message):
        PageRecipe(**options)  # type: ignore[arg-type]  # the claim


def test_pages_are_as_large_as_their_style_says(small_recipe: PageRecipe) -> None:
    """Whatever is drawn, no page is larger than a full one."""
    import io

    from PIL import Image

    sample = small_recipe.make(1).sample
    full = PageStyle(page_width_pt=200, page_height_pt=120).page_px
    for image in sample.images:
        size = Image.open(io.BytesIO(image)).size
        assert size[0] <= full[0] and size[1] <= full[1]


def test_samples_one_after_another_share_ten_styles_and_the_next_run_has_others() -> None:
    """A style's letters are drawn once for all of them."""
    recipe = PageRecipe(seed=3)
    first, second = (
        {recipe.plan(number).drawn.style for number in range(start, start + 256)} for start in (0, 256)
    )
    assert len(first) == len(second) == 10 and len(first & second) < 3
