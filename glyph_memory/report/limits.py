"""Return which of a model's limits a text would break as pages."""

from __future__ import annotations

from glyph_memory.report.figures import Figures
from glyph_memory.tokens import ModelProfile


def broken_limits(figures: Figures, profile: ModelProfile) -> list[str]:
    """Return a sentence for each limit of the profile that the pages exceed; none where they fit.

    Limits are those of one request, and a starting point: servers may be set up otherwise.
    """
    said = []
    if figures.page_tokens > profile.window_tokens:
        said.append(
            f"the pages take {figures.page_tokens:,} tokens, more than {profile.name}'s window of "
            f"{profile.window_tokens:,}; send fewer, or let a larger --profile read them"
        )
    if profile.max_images is not None and figures.pages > profile.max_images:
        said.append(
            f"{figures.pages:,} pages are more than the {profile.max_images:,} images that a request to "
            f"{profile.name} may hold; send fewer at a time"
        )
    if profile.max_request_px is not None and figures.pixels > profile.max_request_px:
        said.append(
            f"the pages have {figures.pixels / 1e6:,.0f} million pixels, more than the "
            f"{profile.max_request_px / 1e6:,.0f} million that a server decodes in one request by default"
        )
    return said
