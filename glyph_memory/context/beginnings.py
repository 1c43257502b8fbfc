"""How the lines in `wording` begin, as no line of a turn's text may. Knows words; knows nothing about texts.

Left out is what stands in place of characters that were cut: it stands within texts.
"""

from __future__ import annotations

LINE_WORDS = (
    "its picture",
    "its attachment",
    "end of its",
    "identifiers letter",
    "in words",
    "too large to be shown",
    "turns",
)
"""Behind an anchor, besides who speaks and `page`."""
BEGINNINGS = (
    "turn ~ is damaged in the database",
    "turns ~ are older and not shown",
    "the conversation goes on in words",
    "the conversation begins here",
    "what came with it is shown below",
    "picture # that came with the",
    "picture # of this message",
    "attachment # that came with the",
    "attachment # of this message",
    *(
        f"end of the {role}'s {what}"
        for role in ("user", "assistant", "tool", "system")
        for what in ("pictures", "attachment")
    ),
    "end of this picture",
    "result of ~ whose call is not shown",
    "result of ~ which was called above",
    "[called ",
    "[this message",
    "[this result",
    "[this note",
    "# more call was made before these",
    "# more calls were made before these",
    "calls since that were made and answered",
    "the images below that are headed by",
    "the following images are pages of one text",
)
"""Of all other lines, without brackets but for a [ that has to be there; `#` is a number, `~` a few words."""
