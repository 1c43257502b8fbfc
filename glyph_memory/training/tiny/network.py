"""What stands for transformers' objects where their attributes are used: its classes carry no types."""

from __future__ import annotations

from typing import Any, TypeAlias

Network: TypeAlias = Any
"""A model of transformers, or a part of one."""
Tokenizer: TypeAlias = Any
"""A tokenizer of transformers."""
