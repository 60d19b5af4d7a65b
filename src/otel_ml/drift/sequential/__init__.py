"""Change detectors for one stream of numbers, such as a model's errors or scores, in units of the baseline."""
