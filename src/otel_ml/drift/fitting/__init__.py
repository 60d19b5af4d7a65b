"""One pass over the training data into a baseline."""
