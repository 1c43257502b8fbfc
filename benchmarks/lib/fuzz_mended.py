"""What fuzzing found, and how it was mended; each has a test of its own."""

MENDED: tuple[dict[str, str], ...] = ()
