"""`python -m glyph_memory`: the command line."""

from glyph_memory.cli import main

if __name__ == "__main__":
    main()
