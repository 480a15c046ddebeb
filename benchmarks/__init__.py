"""Speed, as ratios to reference pages that are measured in the same run. `make bench` runs all of it."""
