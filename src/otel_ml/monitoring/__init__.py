"""Drift inside the service: rows of the metrics become counts over a baseline, and all workers of a machine one monitor."""
