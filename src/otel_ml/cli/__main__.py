"""`python -m otel_ml.cli` is the command `otel-ml`."""

from otel_ml.cli import main

main()
