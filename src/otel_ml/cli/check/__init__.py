"""`otel-ml check`: a file beside a baseline."""
