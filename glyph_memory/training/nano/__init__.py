"""Train the nano reader: `python -m glyph_memory.training.nano FOLDER`. Needs the extra `train`."""
