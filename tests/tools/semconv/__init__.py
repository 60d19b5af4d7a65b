"""The registry of the `ml.*` conventions, and the files that are generated from it."""
