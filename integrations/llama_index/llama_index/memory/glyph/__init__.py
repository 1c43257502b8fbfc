"""Long memory for LlamaIndex."""
