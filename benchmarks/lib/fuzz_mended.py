"""What fuzzing found, and how it was mended; each has a test of its own."""

from __future__ import annotations

MENDED: tuple[dict[str, str], ...] = (
    {
        "wing": "typeset",
        "found": "a style of `dpi=1e-9` put 200,000 million lines into a column, and took all memory",
        "mended": "a column of more than 100,000 lines is refused",
    },
    {
        "wing": "store",
        "found": "`delete` and `truncate` of the anchor 1.5 erased other turns than were meant; `'1'`: `TypeError`",
        "mended": "an anchor that is no whole number is refused, and nothing is erased",
    },
    {
        "wing": "store",
        "found": "`keep_conversation` with a number for its parent's name was an `AttributeError`",
        "mended": "such a name is refused, and nothing is kept",
    },
    {
        "wing": "readers",
        "found": "a message of the command line could hold signs that turn the line round, as U+206B",
        "mended": "all that cannot be printed stands there as `\\u{…}`",
    },
    {
        "wing": "documents",
        "found": "an ODS file without a table was a `ValueError`",
        "mended": "it is refused as a workbook without sheets",
    },
    {
        "wing": "documents",
        "found": "a damaged XLSB file of 843 bytes had calamine ask for 37 TB, which ended the whole process",
        "mended": "a cell without a place is refused before calamine reads it",
    },
    {
        "wing": "documents",
        "found": "an ODS file whose XML was cut had calamine look for its end for ever",
        "mended": "broken XML is refused before calamine reads it",
    },
    {
        "wing": "documents",
        "found": "an archive with a member without a name was an `IndexError`",
        "mended": "such a member is none; the others are read",
    },
    {
        "wing": "documents",
        "found": "a text that named `quoted-printable` as its encoding was a `LookupError`",
        "mended": "what is no encoding of text is nobody's; the encoding is found out",
    },
    {
        "wing": "documents",
        "found": "an error that quoted a name from a damaged XLSB file could not be printed",
        "mended": "every error of ours stands as one line that can be printed",
    },
)
