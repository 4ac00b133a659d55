"""What the store promises, tried by force: ``python -m benchmarks.reliability``. The tests run short forms."""
