"""What each table of the documentation shows of a benchmark's figures: one small function a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from density_tables import draw_density, draw_density_memory, draw_density_models, draw_levers
from document_tables import draw_flatness, draw_formats, draw_loaders, draw_pdfs
from efficiency_tables import draw_bounds, draw_decoding, draw_prefill, draw_whole
from evaluation_tables import draw_needles, draw_planner, draw_rows
from figure_format import markdown, off
from focus_tables import draw_answers, draw_prefixes
from fuzz_tables import draw_found, draw_fuzz, draw_mended
from grpo_tables import draw_grpo
from prefix_tables import draw_break_even, draw_growth, draw_real_server, draw_ways
from proxy_tables import draw_cached, draw_chunks, draw_crowd, draw_faults, draw_serve
from rag_tables import draw_rag
from ray_tables import draw_ray_kills, draw_ray_many, draw_ray_speed
from reader_tables import draw_askers, draw_questions
from scale_tables import (
    draw_capacity,
    draw_capacity_assumed,
    draw_capacity_linear,
    draw_capacity_models,
    draw_capacity_sessions,
    draw_capacity_steps,
    draw_postgres_costs,
    draw_postgres_kills,
    draw_replicas,
    draw_routing,
    draw_routing_scale,
    draw_routing_sizes,
)
from search_tables import draw_named, draw_search, draw_volumes
from secret_tables import draw_held_out, draw_held_out_kinds, draw_secret_kinds, draw_secrets
from session_tables import (
    draw_append,
    draw_durability,
    draw_erasing,
    draw_first_fold,
    draw_large,
    draw_long_sessions,
    draw_overhead,
    draw_prompts,
    draw_stateless,
    draw_telemetry,
)
from tiny_tables import draw_tiny
from training_tables import draw_page_parts, draw_page_speeds, draw_training_cost

Figures = Any
"""A file's `figures`, as JSON gives them; a table that finds them otherwise raises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table, and where its figures come from."""

    result: str
    """Name of the benchmark, and of its file in `benchmarks/results/`."""
    draw: Callable[[Figures], str]
    """Return the table as Markdown, given the file's `figures`."""
    needs_gpu: bool = False
    """Whether its figures may be missing, since not every machine can measure them; the page then says so."""

    @property
    def command(self) -> str:
        """What makes the figures."""
        return f"python benchmarks/{self.result}.py"


# Pages.


def draw_savings(figures: Figures) -> str:
    """Return what texts cost as text and as pages."""
    rows = [
        [
            f"{row['text']}, {row['look']}", f"{'' if row['text_exact'] else '≈ '}{row['text_tokens']:,}",
            row["page_tokens"], f"{row['ratio']:.2f}", row["pages"],
        ]
        for row in figures["texts"]
    ]  # fmt: skip
    return markdown(["text", "text tokens", "page tokens", "ratio", "pages"], rows)


def draw_parity(figures: Figures) -> str:
    """Return how close our pages are to the reference's."""
    rows = [
        [
            row["text"], f"{row['f1']:.4f}", f"{row['pages']} / {row['reference_pages']}", row["same_pages"],
            f"{row['ssim']:.4f}" if row["ssim"] is not None else "none",
        ]
        for row in figures["texts"]
    ]  # fmt: skip
    aims = figures["targets"]
    rows.append(["*aimed at*", f"{aims['f1']:.3f}", "equal", "", f"{aims['ssim']:.2f}"])
    head = ["text", "F1 of line breaks", "pages, ours / reference", "pages with all lines the same"]
    return markdown([*head, "structural similarity"], rows)


def draw_speed(figures: Figures) -> str:
    """Return milliseconds a page, and how many times as fast we are."""
    pixels, png = figures["pixels"], figures["PNG"]
    found = {name: (pixels["texts"][name], png["texts"][name]) for name in pixels["texts"]}
    if pixels["median_of_english"]:
        found["**median of English**"] = (pixels["median_of_english"], png["median_of_english"])
    rows: list[list[object]] = [
        [name, *(f"{one[f'{side}_ms_a_page']:.1f}" for side in ("reference", "pillow", "ours"))]
        + [f"{form['times_reference']:.0f}" for form in (one, other)]
        for name, (one, other) in found.items()
    ]
    rows.append(["*aimed at*", "", "", "", figures["targets"]["pixels"], figures["targets"]["png"]])
    head = ["text", "reference, ms a page", "Pillow, ms a page", "ours, ms a page"]
    return markdown([*head, "times the reference, to pixels", "times the reference, to PNG"], rows)


def draw_lengths(figures: Figures) -> str:
    """Return what a page costs in short and long documents and paragraphs."""
    found = {f"a document of {row['megabytes']} MB": row for row in figures["length"]}
    found |= {f"1 MB, {name}": row for name, row in figures["paragraphs"].items()}
    rows = [[name, row["pages"], f"{row['ms_a_page']:.2f}"] for name, row in found.items()]
    return markdown(["text", "pages", "ms a page"], rows)


def draw_memory(figures: Figures) -> str:
    """Return the peak memory of each side."""
    rows = [[name, f"{row['megabytes']:.0f}", row["pages"]] for name, row in figures["memory"].items()]
    return markdown(["process", "peak memory, MB", "pages"], rows)


# Readers and counters.


def draw_nano(figures: Figures) -> str:
    """Return what the nano reader reads."""
    heads = {
        "figure": "figure", "asked": "aimed at", "measured": "measured", "silent": "silent",
        "interval": "95 % interval", "of": "of",
    }  # fmt: skip
    kept = [key for key in heads if all(key in row for row in figures)]
    return markdown([heads[key] for key in kept], [[row[key] for key in kept] for row in figures])


def draw_tokens(figures: Figures) -> str:
    """Return how far off estimates of text tokens are."""
    rows = [
        [
            row["kind"],
            row["characters"],
            row["cl100k"],
            row["estimate"],
            off(row["error"]),
            off(row["quarter_error"]),
        ]
        for row in figures["errors"]
    ]
    rows.append(
        ["**mean of the absolute errors, without the demo's**", "", "", "", f"{figures['mean']:.1%}", ""]
    )
    head = [
        "text",
        "characters",
        "tokens by cl100k_base",
        "estimate",
        "off by",
        "four characters a token: off by",
    ]
    return markdown(head, rows)


def draw_imports(figures: Figures) -> str:
    """Return what imports cost."""
    rows = [
        [f"`{row['statement']}`", f"{row['cpu_ms']:.0f}", f"{row['ratio']:.2f}", row["modules"]]
        for row in figures["imports"]
    ]
    return markdown(
        ["statement", "CPU ms", f"ratio (aimed at: {figures['aim']:.0f})", "modules loaded"], rows
    )


def draw_walks(figures: Figures) -> str:
    """Return how many files pieces of work pass through."""
    rows = [
        [row["walk"], row["files"], row["earlier_files"], row["edges"], len(row["back_and_forth"])]
        for row in figures
    ]
    return markdown(
        ["piece of work", "files", "earlier", "pairs of caller and called", "of them back and forth"], rows
    )


TABLES = {
    "prefix-heavy": Table(result="prefix", draw=lambda figures: draw_ways(figures, "heavy")),
    "prefix-files": Table(result="prefix", draw=lambda figures: draw_ways(figures, "files")),
    "prefix-light": Table(result="prefix", draw=lambda figures: draw_ways(figures, "light")),
    "prefix-growth": Table(result="prefix", draw=draw_growth),
    "prefix-break-even": Table(result="prefix", draw=draw_break_even),
    "real-server": Table(result="real_server", draw=draw_real_server),
    "ray-speed": Table(result="ray_cluster", draw=draw_ray_speed),
    "ray-kills": Table(result="ray_cluster", draw=draw_ray_kills),
    "ray-many": Table(result="ray_many", draw=draw_ray_many),
    "postgres-kills": Table(result="postgres", draw=draw_postgres_kills),
    "postgres-costs": Table(result="postgres", draw=draw_postgres_costs),
    "routing": Table(result="routing", draw=draw_routing),
    "routing-cached": Table(result="routing", draw=lambda figures: draw_routing_sizes(figures, "cached")),
    "routing-computed": Table(result="routing", draw=lambda figures: draw_routing_sizes(figures, "computed")),
    "routing-scale": Table(result="routing", draw=draw_routing_scale),
    "capacity": Table(result="capacity", draw=draw_capacity),
    "capacity-sessions": Table(result="capacity", draw=draw_capacity_sessions),
    "capacity-linear": Table(result="capacity", draw=draw_capacity_linear),
    "capacity-models": Table(result="capacity", draw=draw_capacity_models),
    "capacity-assumed": Table(result="capacity", draw=draw_capacity_assumed),
    "capacity-steps": Table(result="capacity", draw=draw_capacity_steps),
    "replicas": Table(result="replicas", draw=draw_replicas),
    "first-fold": Table(result="first_fold", draw=draw_first_fold),
    "stateless": Table(result="first_fold", draw=draw_stateless),
    "append": Table(result="append", draw=draw_append),
    "telemetry": Table(result="telemetry", draw=draw_telemetry),
    "framework-time": Table(result="integrations", draw=draw_overhead),
    "framework-prompts": Table(result="integrations", draw=draw_prompts),
    "rag": Table(result="rag", draw=draw_rag),
    "durability": Table(result="durability", draw=draw_durability),
    "fuzz": Table(result="fuzz", draw=draw_fuzz),
    "fuzz-mended": Table(result="fuzz", draw=draw_mended),
    "fuzz-found": Table(result="fuzz", draw=draw_found),
    "large": Table(result="large", draw=draw_large),
    "long-sessions": Table(result="large", draw=draw_long_sessions),
    "erasing": Table(result="erasing", draw=draw_erasing),
    "density": Table(result="density", draw=draw_density),
    "density-models": Table(result="density", draw=draw_density_models),
    "density-memory": Table(result="density", draw=draw_density_memory),
    "dense-levers": Table(result="dense_levers", draw=draw_levers),
    "savings": Table(result="savings", draw=draw_savings),
    "parity": Table(result="parity", draw=draw_parity),
    "speed": Table(result="typeset", draw=draw_speed),
    "speed-length": Table(result="typeset", draw=draw_lengths),
    "speed-memory": Table(result="typeset", draw=draw_memory),
    "nano": Table(result="nano", draw=draw_nano),
    "tokens": Table(result="tokens", draw=draw_tokens),
    "efficiency-bounds": Table(result="efficiency_bounds", draw=draw_bounds),
    "efficiency-prefill": Table(result="efficiency", draw=draw_prefill, needs_gpu=True),
    "efficiency-whole": Table(result="efficiency", draw=draw_whole, needs_gpu=True),
    "efficiency-decoding": Table(result="efficiency", draw=draw_decoding, needs_gpu=True),
    "grpo": Table(result="grpo", draw=draw_grpo),
    "training-cost": Table(result="training_cost", draw=draw_training_cost),
    "training-cost-gpu": Table(result="training_cost_gpu", draw=draw_training_cost, needs_gpu=True),
    "tiny": Table(result="tiny", draw=draw_tiny),
    "tiny-gpu": Table(result="tiny_gpu", draw=draw_tiny, needs_gpu=True),
    "focus-scripted": Table(result="focus", draw=lambda figures: draw_answers(figures, "scripted")),
    "focus-nano": Table(result="focus", draw=lambda figures: draw_answers(figures, "nano")),
    "planner": Table(result="planner", draw=draw_planner),
    "evaluate-arms": Table(result="evaluate", draw=lambda figures: draw_needles(figures, "arms")),
    "evaluate-sizes": Table(result="evaluate", draw=lambda figures: draw_needles(figures, "sizes")),
    "decay": Table(result="decay", draw=draw_rows),
    "evaluate-smollm2": Table(result="evaluate_smollm2", draw=draw_rows),
    "page-data": Table(result="training_pages", draw=draw_page_speeds),
    "page-data-parts": Table(result="training_pages", draw=draw_page_parts),
    "focus-prefix": Table(result="focus", draw=draw_prefixes),
    "search": Table(result="search", draw=draw_search),
    "search-named": Table(result="search", draw=draw_named),
    "search-volumes": Table(result="search", draw=draw_volumes),
    "reader-questions": Table(result="reader", draw=draw_questions),
    "reader-askers": Table(result="reader", draw=draw_askers),
    "documents": Table(result="documents", draw=draw_formats),
    "document-pdfs": Table(result="documents", draw=draw_pdfs),
    "document-loaders": Table(result="documents", draw=draw_loaders),
    "document-memory": Table(result="documents", draw=draw_flatness),
    "imports": Table(result="imports", draw=draw_imports),
    "secrets": Table(result="secret_guard", draw=draw_secrets),
    "secret-kinds": Table(result="secret_guard", draw=draw_secret_kinds),
    "secrets-held-out": Table(result="secret_guard", draw=draw_held_out),
    "secrets-held-out-kinds": Table(result="secret_guard", draw=draw_held_out_kinds),
    "serve": Table(result="serve", draw=draw_serve),
    "serve-chunks": Table(result="serve", draw=draw_chunks),
    "serve-crowd": Table(result="serve", draw=draw_crowd),
    "serve-faults": Table(result="serve", draw=draw_faults),
    "serve-cached": Table(result="serve", draw=draw_cached),
    "walks": Table(result="walks", draw=draw_walks),
}
"""By the name that stands in a page's markers."""
