"""Tensors of torch, TensorFlow and jax: read when they are in the processor's memory, else described."""

from __future__ import annotations

from typing import Any

from otel_ml.observation.arrays import described_rows, read_array
from otel_ml.observation.batches import Batch
from otel_ml.observation.describing import describe, described_array, root_module
from otel_ml.observation.limits import Limits
from otel_ml.observation.names import Names
from otel_ml.observation.rows import Row, object_row


def read_tensor(data: Any, names: Names | None, limits: Limits) -> Row | Batch:
    """Reads a tensor without moving it between devices and without starting a computation."""
    array = tensor_array(data)
    if array is not None:
        return read_array(array, names, limits)
    try:
        shape = tuple([int(size) for size in data.shape])
        dtype = str(data.dtype)
    except Exception:  # a tensor of unknown shape, a tracer: nothing to be read now
        return object_row("input", describe(data))
    if not shape:
        return object_row("input", describe(data))
    return described_rows(described_array(shape[1:], dtype, "tensor"), shape[0], limits)


def tensor_array(data: Any) -> Any:
    """Returns a numpy view of a tensor in main memory, or None if that would take a transfer or a computation."""
    roots = {root_module(base) for base in type(data).__mro__}
    try:
        if "torch" in roots:
            # Sparse, quantised and fake tensors have other layouts; bfloat16 has no numpy dtype and raises.
            plain = data.device.type == "cpu" and str(data.layout) == "torch.strided"
            return data.detach().numpy() if plain else None
        if "tensorflow" in roots:
            return data.numpy() if "CPU" in str(data.device) else None
        if "jax" in roots or "jaxlib" in roots:
            import numpy as np

            return np.from_dlpack(data) if next(iter(data.devices())).platform == "cpu" else None
    except Exception:  # a tracer, a dtype that numpy lacks: described instead
        return None
    return None
