"""`otel-ml baseline`: fit, show, diff and rules."""
