"""What went into a model and what came out, as plain named values: copied, bounded, never changed.

Nothing here imports numpy, narwhals or a framework before an input of that kind is read.
"""

from otel_ml.observation.batches import Batch
from otel_ml.observation.inputs import read_inputs
from otel_ml.observation.labels import label_of
from otel_ml.observation.outputs import read_outputs
from otel_ml.observation.results import OutputRow, Outputs
from otel_ml.observation.rows import Row

__all__ = ["Batch", "OutputRow", "Outputs", "Row", "label_of", "read_inputs", "read_outputs"]
