"""From an observation to OpenTelemetry calls: spans in the caller's thread, events and metrics behind a queue."""
