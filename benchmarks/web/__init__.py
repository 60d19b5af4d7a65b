"""A FastAPI service with each kind of telemetry, and a client that is faster than it."""
