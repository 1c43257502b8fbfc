"""Optuna's multi-objective samplers on the same parts of θ, the same questions, the same budget.

A style that cannot be drawn costs no question; the sampler is told that it has neither accuracy nor density, so that it
learns to leave such styles alone.
"""

from __future__ import annotations

from typing import Any

import optuna

from glyph_memory.errors import StyleError
from glyph_memory.style import PageStyle
from glyph_memory.training.pages import find_clash
from glyph_memory.training.style_search.genes import Gene, StyleSpace, list_genes
from lib.planted_style import PlantedExam, find_rho

_SAMPLERS = {"Optuna NSGA-II": optuna.samplers.NSGAIISampler, "Optuna TPE": optuna.samplers.TPESampler}

_UNDRAWABLE = 5
"""So many styles for each that is wanted may be such as cannot be drawn."""


def run_optuna(name: str, exam: PlantedExam, *, seed: int, styles: int) -> list[PageStyle]:
    """Return the styles that a sampler tried, in order; those that cannot be drawn cost it nothing.

    Args:
        name: Of the sampler.
        exam: The questions; each style is asked all.
        seed: Of the sampler.
        styles: How many are tried.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler: Any = _SAMPLERS[name](seed=seed)
    study = optuna.create_study(directions=["maximize", "maximize"], sampler=sampler)
    space = StyleSpace(genes=list_genes(), rule=find_clash)
    tried, undrawable = list[PageStyle](), 0
    while len(tried) < styles:
        trial = study.ask()
        values = [(gene, _suggest(trial, gene)) for gene in space.genes]
        style = _build(values, space)
        if style is None:
            study.tell(trial, [0.0, 0.0])
            undrawable += 1
            if undrawable > _UNDRAWABLE * styles:
                break
            continue
        right = sum(exam.ask(style, number).score for number in range(exam.size))
        study.tell(trial, [right / exam.size, find_rho(style)])
        tried.append(style)
    return tried


def _suggest(trial: Any, gene: Gene) -> Any:  # noqa: ANN401 - Optuna's own, and a value of any field
    if gene.is_ordered:
        return gene.choices[trial.suggest_int(gene.name, 0, len(gene.choices) - 1)]
    return gene.choices[trial.suggest_categorical(gene.name, list(range(len(gene.choices))))]


def _build(values: list[tuple[Gene, Any]], space: StyleSpace) -> PageStyle | None:
    """Return the style of all values, written at once so that none is judged before the others are there."""
    fields: dict[str, Any] = {}
    named = {gene.name: value for gene, value in values}
    for gene, value in values:
        if gene.name not in ("letter size", "line pitch"):
            fields |= gene.write(PageStyle(), value)
    size = named["letter size"]
    fields |= {"font_size_pt": size, "line_height_pt": round(size * named["line pitch"], 2)}
    try:
        return space.fit(PageStyle(**fields))
    except StyleError:
        return None
