"""Turn text into pages: fonts, then layout (arithmetic alone), then paint.

The public verbs::

    typeset(source, *, style=None, first_page=1, progress=None) -> list[Page]
    iter_pages(source, *, style=None, first_page=1) -> Iterator[Page]

`source` is a `str`, a `Document`, a `Transcript`, or (streaming only) an iterable of pieces of text.
"""
