"""`transformers serve` for the tiny model: registers its processor, then is the command line it always is."""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import sys

import tiny_glm4v
from transformers.cli.transformers import main

if __name__ == "__main__":
    tiny_glm4v.register()
    sys.argv[0] = "transformers"
    main()
