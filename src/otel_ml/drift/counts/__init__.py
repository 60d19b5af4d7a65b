"""Rows into counts, and counts into windows."""
