"""A room a framework: what to wrap in it and what it tells about a model. None is imported before the program does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_ml.config import Config


def instrument(config: Config) -> None:
    """Record predictions of every framework that the program has imported, or will."""
    from otel_ml.frameworks import joblib, sklearn

    joblib.instrument()
    sklearn.instrument(transform=config.transform)


def uninstrument() -> None:
    """Put every class and module back as it was."""
    from otel_ml.frameworks import joblib, sklearn

    sklearn.uninstrument()
    joblib.uninstrument()


def patched() -> dict[str, int]:
    """How many functions are wrapped at present, by framework: 0 where the program has not imported it yet."""
    from otel_ml.frameworks import sklearn

    return {"scikit-learn": sklearn.patched()}
