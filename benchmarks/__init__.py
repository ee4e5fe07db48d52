"""How fast convcalc is, always as ratios measured in one run. `python -m benchmarks` runs all."""
