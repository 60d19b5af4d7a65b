"""A service that seeds `random` at import, as programs of ML do."""

import random

random.seed(42)

from tests.services.programs.light import app  # noqa: E402

__all__ = ["app"]
