"""Image-token rules of models that cut an image into tiles: InternVL, LLaVA-OneVision, Idefics, DeepSeek-OCR.

Knows sizes in pixels; knows nothing about what an image shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sqrt

from glyph_memory.errors import ProfileError
from glyph_memory.tokens.images import ImageRule, Size, check_counts, check_order, compare_sizes


@lru_cache(maxsize=1024)
def tile_grid(size: Size, *, tile_px: int, min_tiles: int, max_tiles: int) -> Size:
    """Choose columns and rows of tiles for an image: the grid nearest to its aspect ratio.

    Among equally near ones the larger wins, as long as it covers less than twice the image's area. Source:
    `get_optimal_tiled_canvas` in transformers 5.23's `models/got_ocr2` (InternVL, DeepSeek-OCR-2), and
    `find_closest_aspect_ratio` in DeepSeek-OCR's own code.
    """
    width, height = size
    shape = width / height
    nearest, best = float("inf"), (1, 1)
    for columns, rows in _grids(min_tiles, max_tiles):
        distance = abs(shape - columns / rows)
        if distance < nearest:
            nearest, best = distance, (columns, rows)
        elif distance == nearest and width * height > 0.5 * tile_px * tile_px * columns * rows:
            best = (columns, rows)
    return best


@lru_cache(maxsize=8)
def _grids(min_tiles: int, max_tiles: int) -> tuple[Size, ...]:
    sides = range(1, max_tiles + 1)
    grids = [
        (columns, rows) for columns in sides for rows in sides if min_tiles <= columns * rows <= max_tiles
    ]
    return tuple(sorted(grids, key=lambda grid: grid[0] * grid[1]))


@dataclass(frozen=True, kw_only=True, slots=True)
class TileRule(ImageRule):
    """A number of tiles, and a thumbnail where there is more than one (InternVL).

    Source: `GotOcr2ImageProcessor.crop_image_to_patches` and `InternVLProcessor` in transformers 5.23.
    """

    tile_px: int
    """Side of a tile."""
    max_tiles: int
    """Most tiles an image is cut into, the thumbnail aside."""
    per_tile: int
    """Tokens a tile."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, tile_px=1, max_tiles=1, per_tile=1)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the tiles' tokens and the thumbnail's."""
        columns, rows = tile_grid(size, tile_px=self.tile_px, min_tiles=1, max_tiles=self.max_tiles)
        tiles = columns * rows
        return self.per_tile * (tiles + (tiles > 1))

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the tiles, which the image is squashed onto."""
        columns, rows = tile_grid(size, tile_px=self.tile_px, min_tiles=1, max_tiles=self.max_tiles)
        return compare_sizes((columns * self.tile_px, rows * self.tile_px), size)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeepSeekRule(ImageRule):
    """A view of the whole image, a separator, and tiles where the image is larger than one (DeepSeek-OCR).

    16 px patches are merged four by four, so a view of S px has ceil(S / 64) queries a side. Source for 1:
    its model repository's `modeling_deepseekocr.py` and vLLM's `processors/deepseek_ocr.py`; for 2:
    transformers 5.23's `models/deepseek_ocr2`. The latter's `get_number_of_image_patches` miscounts (it takes
    1024 for the tile's side and knows no threshold); this follows what processing does.
    """

    base_px: int
    """Side of the whole view."""
    tile_px: int | None = None
    """Side of a tile; None where the mode has no tiles."""
    max_tiles: int = 0
    """Most tiles; the fewest is two."""
    row_breaks: bool = False
    """Whether each row of queries ends with a break (version 1)."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, base_px=1, max_tiles=0)
        if self.tile_px is not None:
            check_counts(self, tile_px=1, max_tiles=2)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the whole view, the separator and the tiles."""
        if not round(min(size) * (self.base_px / max(size))):
            raise ProfileError(f"image of {size!r} px: its short side shrinks to nothing. Cut it up")
        queries = ceil(self.base_px / 64)
        whole = queries * (queries + self.row_breaks) + 1
        if self.tile_px is None or max(size) <= self.tile_px:
            return whole
        columns, rows = tile_grid(size, tile_px=self.tile_px, min_tiles=2, max_tiles=self.max_tiles)
        queries = ceil(self.tile_px / 64)
        return whole + (queries * columns + self.row_breaks) * (queries * rows)

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the whole view, or of the tiles where they are sharper."""
        whole = self.base_px / max(size)
        if self.tile_px is None or max(size) <= self.tile_px:
            return whole
        columns, rows = tile_grid(size, tile_px=self.tile_px, min_tiles=2, max_tiles=self.max_tiles)
        return max(whole, compare_sizes((columns * self.tile_px, rows * self.tile_px), size))


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitRule(ImageRule):
    r"""Enlarged or shrunk to one longest side, cut into tagged tiles, and a thumbnail (Idefics3, SmolVLM).

    The line breaks between rows and before the thumbnail meet as `\n\n`; they are one token for the
    tokenizers of these checkpoints. Source: `Idefics3ImageProcessor` and
    `Idefics3Processor.replace_image_token` in transformers 5.23 (SmolVLM's are copies).
    """

    longest_px: int
    """The longer side is resized to this; a multiple of `tile_px`."""
    tile_px: int
    """Side of a tile, even."""
    per_tile: int
    """Tokens a tile, its tags not counted."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, longest_px=1, tile_px=1, per_tile=1)
        check_order(self, "tile_px", "longest_px")

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the tiles with their two tags each, a break a row, and the thumbnail with its three tags."""
        width, height = size
        shape = width / height
        if width >= height:
            width, height = self.longest_px, int(self.longest_px / shape)
        else:
            width, height = int(self.longest_px * shape), self.longest_px
        # Their code makes the shorter side even first; with tiles of even sides that changes no count.
        columns, rows = max(1, ceil(width / self.tile_px)), max(1, ceil(height / self.tile_px))
        whole = self.per_tile + 3
        return whole if columns * rows == 1 else whole + rows * (columns * (self.per_tile + 2) + 1)

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of the longer side."""
        return self.longest_px / max(size)


@dataclass(frozen=True, kw_only=True, slots=True)
class AnyresRule(ImageRule):
    """A lone image is tiled on the canvas that fits best; several cost a flat sum each (LLaVA-OneVision).

    Source: `LlavaOnevisionProcessor._get_number_of_features` and `select_best_resolution` in transformers
    5.23; `anyres_max_9` of the published checkpoints.
    """

    tile_px: int
    """Side of a tile; a canvas is 1 to `canvas_tiles` of them wide and high."""
    canvas_tiles: int
    """Most tiles on a side of a canvas."""
    queries: int
    """Features on a side of a tile."""
    max_tiles: int
    """More features than so many tiles have are pooled down."""

    def __post_init__(self) -> None:
        """Raise an error for a number that is out of range."""
        check_counts(self, tile_px=1, canvas_tiles=1, queries=1, max_tiles=1)

    def tokens(self, size: Size, *, images: int = 1) -> int:
        """Count the whole view and either one break, or the unpadded canvas with a break a row."""
        whole = self.queries**2
        if images > 1:
            return whole + 1
        rows, columns = self._count_features(size)
        excess = sqrt(rows * columns / (self.max_tiles * self.queries**2))
        if excess > 1.1:
            rows, columns = int(rows // excess), int(columns // excess)
        return whole + rows * columns + rows

    def measure_scale(self, size: Size, *, images: int = 1) -> float:
        """Return the scale of a lone image's canvas; one of several is squashed onto one tile."""
        seen = (self.tile_px, self.tile_px) if images > 1 else self._canvas(size)
        return compare_sizes(seen, size)

    def _count_features(self, size: Size) -> tuple[int, int]:
        """Return the rows and columns of features that show the image and not its padding."""
        width, height = size
        canvas_width, canvas_height = self._canvas(size)
        rows = self.queries * (canvas_height // self.tile_px)
        columns = self.queries * (canvas_width // self.tile_px)
        if width / height > columns / rows:
            shown = int(round(height * (columns / width), 7))
            rows -= (rows - shown) // 2 * 2
        else:
            shown = int(round(width * (rows / height), 7))
            columns -= (columns - shown) // 2 * 2
        return rows, columns

    def _canvas(self, size: Size) -> Size:
        width, height = size
        best, most, least_waste = (0, 0), 0, float("inf")
        sides = [self.tile_px * count for count in range(1, self.canvas_tiles + 1)]
        for canvas_height in sides:
            for canvas_width in sides:
                scale = min(canvas_width / width, canvas_height / height)
                shown = min(int(width * scale) * int(height * scale), width * height)
                waste = canvas_width * canvas_height - shown
                if shown > most or (shown == most and waste < least_waste):
                    best, most, least_waste = (canvas_width, canvas_height), shown, waste
        return best
