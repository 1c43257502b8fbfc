"""Read with a model in the same process, through transformers."""
