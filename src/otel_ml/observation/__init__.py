"""What went into a model and what came out, as plain named values: copied, bounded, never changed.

Nothing here imports numpy, narwhals or a framework before an input of that kind is read.
"""

from otel_ml.observation.inputs import read_inputs
from otel_ml.observation.rows import Batch, Row, same_rows

__all__ = ["Batch", "Row", "read_inputs", "same_rows"]
