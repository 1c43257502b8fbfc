"""The version of how pages look: equal texts in equal styles have the same pixels as long as it is the same."""

TYPESETTER = 3
"""Goes up whenever the same text and style would give other pixels than before."""
