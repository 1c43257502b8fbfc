"""What several benchmarks share: texts, the reference pipeline, a prefix cache, tables and results."""
