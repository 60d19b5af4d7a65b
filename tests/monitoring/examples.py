"""A small baseline, made by hand so that its bins are known, and rows for it."""

from __future__ import annotations

import numpy as np

from otel_ml.drift import Baseline
from otel_ml.drift.variables import Constraints, Variable

ROWS = 4_000
AGES = (1_000, 2_000, 1_000)
"""Rows up to 30, up to 50, and above."""


def baseline(identifier: str = "0123456789ab", *, model: str | None = None) -> Baseline:
    """Of a model with a number, a category, a masked feature, and an answer."""
    age = Variable(
        "age",
        rows=ROWS,
        edges=(30.0, 50.0),
        counts=AGES,
        centers=(25.0, 40.0, 60.0),
        mean=41.0,
        std=13.0,
        minimum=18.0,
        maximum=90.0,
        constraints=Constraints(type="number", minimum=0.0, maximum=120.0, never_null=True),
    )
    plan = Variable(
        "plan", kind="categorical", rows=ROWS, nulls=40, categories=("basic", "pro"), counts=(3_000, 960, 0)
    )
    email = Variable("email", kind="masked", rows=ROWS)
    prediction = Variable(
        "prediction",
        subject="prediction",
        kind="categorical",
        rows=ROWS,
        categories=("stays", "leaves"),
        counts=(3_000, 1_000, 0),
    )
    score = Variable(
        "score",
        subject="score",
        rows=ROWS,
        edges=(0.8,),
        counts=(2_000, 2_000),
        centers=(0.7, 0.9),
        mean=0.8,
        std=0.1,
        minimum=0.5,
        maximum=1.0,
    )
    return Baseline(
        identifier, ROWS, (age, plan, email, prediction, score), model=model, created="2026-01-01T00:00:00+00:00"
    )


def usual_row(rng: np.random.Generator) -> dict[str, object]:
    """A row as the training data has them."""
    low, high = ((18, 30), (31, 50), (51, 90))[int(rng.choice(3, p=(0.25, 0.5, 0.25)))]
    plan = rng.choice(["basic", "pro"], p=(0.76, 0.24))
    return {"age": float(rng.integers(low, high, endpoint=True)), "plan": str(plan), "email": "jane@example.com"}


def usual_answer(rng: np.random.Generator) -> dict[str, object]:
    """An answer as the training data has them."""
    label = "stays" if rng.random() < 0.75 else "leaves"
    return {"label": label, "score": 0.7 if rng.random() < 0.5 else 0.9}
