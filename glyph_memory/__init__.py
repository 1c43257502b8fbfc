"""Long memory for self-hosted vision-language models."""

__version__ = "0.1.0"
