"""Speed against peers and limits, as ratios taken in one run: ``python -m benchmarks.speed``."""
