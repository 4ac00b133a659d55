"""The proof that the same configuration has the same bits on every machine; ``python -m benchmarks.bits``."""
