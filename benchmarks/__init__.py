"""What otel-ml costs, beside the same telemetry written by hand and beside its peers. See README.md."""
