"""Speed and memory, measured as ratios to rulers of the same run: `python -m tests.bench`."""
