"""Streaming drift against a baseline: counts in, scores and alarms out. Needs numpy, and nothing of OpenTelemetry."""
