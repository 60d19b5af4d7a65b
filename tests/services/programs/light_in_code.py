"""The light service, which instruments itself as well."""

import otel_ml
from tests.services.programs.light import app

otel_ml.instrument(app)

__all__ = ["app"]
