"""One file a comparison, each with `run(quick)`, which returns a `Report`."""
