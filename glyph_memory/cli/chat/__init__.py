"""`glyph-memory chat`: the loop, what is typed, what begins with a slash, and what is remembered of the settings."""
