"""What a value that is not captured is: its type and size, found without running its code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

# A metaclass may define these anew; and a class of an extension module has no `__module__` in its own dict.
_type_name = type.__dict__["__name__"].__get__
_type_module = type.__dict__["__module__"].__get__


def class_name(kind: type) -> str:
    """Returns the name of a class, cut to 100 characters."""
    return str(_type_name(kind))[:100]


def root_module(kind: type) -> str:
    """Returns the top-level package that a class says it comes from."""
    module = _type_module(kind)
    return module.partition(".")[0] if type(module) is str else ""


_SIZED: Final[tuple[tuple[type, Callable[[Any], int]], ...]] = (
    (dict, dict.__len__),
    (list, list.__len__),
    (tuple, tuple.__len__),
    (bytes, bytes.__len__),
    (bytearray, bytearray.__len__),
    (set, set.__len__),
    (frozenset, frozenset.__len__),
)


def describe(value: object) -> str:
    """Says what `value` is (type, size) without its content and without calling its code."""
    kind = type(value)
    if issubclass(kind, str):
        return f"<text {str.__len__(value)} chars>"  # type: ignore[arg-type]
    for builtin, length in _SIZED:
        if issubclass(kind, builtin):
            return f"<{builtin.__name__} {length(value)}>"
    if kind is int:
        return f"<int {value.bit_length()} bits>"  # type: ignore[attr-defined]
    if kind is memoryview:
        return f"<memoryview {value.nbytes}>"  # type: ignore[attr-defined]
    if kind is complex:
        return "<complex>"
    return _describe_shaped(value, kind) or f"<{class_name(kind)}>"


# Libraries whose `shape`, `dtype` and `size` are metadata: reading them computes and copies nothing.
_SHAPED: Final = frozenset(
    {"numpy", "torch", "tensorflow", "jax", "jaxlib", "mlx", "cupy", "scipy", "pandas", "polars"}
)


def _describe_shaped(value: Any, kind: type) -> str | None:
    root = next((root for cls in kind.__mro__ if (root := root_module(cls)) in _SHAPED or root == "PIL"), None)
    if root is None:
        return None
    try:
        if root == "PIL":
            return f"<image {value.mode} {value.width}x{value.height}>"
        shape, dtype = [int(size) for size in value.shape], getattr(value, "dtype", None)
    except Exception:  # a lazy or half-built object: its class name has to do
        return None
    words = {"numpy": "array", "scipy": "sparse", "pandas": class_name(kind), "polars": class_name(kind)}
    return described_array(shape, "" if dtype is None else str(dtype), words.get(root, "tensor"))


def described_array(shape: list[int] | tuple[int, ...], dtype: str, word: str = "array") -> str:
    """Returns `<array float32 12x7>`, or `<image uint8 224x224x3>` for what looks like one."""
    dtype = "" if "[(" in dtype else dtype.rpartition(".")[2][:50]  # a structured dtype lists the caller's names
    if dtype == "uint8" and len(shape) == 3 and shape[-1] in (1, 3, 4):
        word = "image"
    return f"<{' '.join(part for part in (word, dtype, 'x'.join(map(str, shape))) if part)}>"
