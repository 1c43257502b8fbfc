"""Train the nano reader: `python -m glyph_memory.nano.training FOLDER`. Needs the extra `train`."""
