"""The context manager: full control over what one prediction is."""

from __future__ import annotations

from types import TracebackType

from opentelemetry.context import get_current

from otel_ml import registrations, runtime
from otel_ml.context import ACTIVE_KEY, is_active
from otel_ml.guard import guarded
from otel_ml.invocation import Inference
from otel_ml.models import Identity


class Unrecorded:
    """What a block gets while nothing is instrumented, or inside another prediction: everything is accepted, nothing kept."""

    id: str | None = None

    def input(self, features: object, names: tuple[str, ...] | None = None) -> None:
        """Accept what the model gets."""

    def output(self, result: object) -> None:
        """Accept what the model gave."""


UNRECORDED = Unrecorded()


class inference:
    """Make a block one prediction, in ``with`` and ``async with``.

    Args:
        name: of the model.
        version: of the model.
        operation: a value of ``ml.operation.name``.
        alias: champion, challenger, shadow or canary.
        task: a value of ``ml.task.type``.
        classes: labels of a classifier, so that predictions are counted by label.
        prediction_id: an id of the caller's own, of at most 128 letters, digits and ``._:~+/=@-``.
        event_time: when it happened, where that is not now: a datetime, ISO 8601, or seconds since 1970.

    Raises:
        ConfigError: the name is empty, or `operation`, `alias` or `task` is not one of the conventions' values.

    >>> with inference("churn", version="3") as call:
    ...     call.input({"age": 41, "plan": None})
    ...     call.output({"label": "stays", "score": 0.93})
    """

    def __init__(
        self,
        name: str,
        version: str | None = None,
        *,
        operation: str = "predict",
        alias: str | None = None,
        task: str | None = None,
        classes: tuple[object, ...] = (),
        prediction_id: str | None = None,
        event_time: object = None,
    ) -> None:
        self._identity = registrations.check(name, version, alias, task, classes)
        self._operation = registrations.check_operation(operation)
        self._prediction_id = prediction_id
        self._event_time = event_time
        self._open: set[Inference] = set()  # several, if tasks share this object

    def __enter__(self) -> Inference | Unrecorded:
        current = self._begin()
        if current is None:
            return UNRECORDED
        self._open.add(current)
        return current

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self._open:
            return
        active = get_current().get(ACTIVE_KEY)
        current = active if isinstance(active, Inference) and active in self._open else next(iter(self._open))
        self._open.discard(current)
        current.stop()
        current.end(error)

    async def __aenter__(self) -> Inference | Unrecorded:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    @guarded("inference.begin")
    def _begin(self) -> Inference | None:
        current = prepare(self._identity, self._operation)
        if current is not None:
            current.start(self._prediction_id, self._event_time)
        return current


def prepare(identity: Identity, operation: str) -> Inference | None:
    """An inference of a model that is named in code, not started yet; None where the code is no prediction of its own."""
    active = runtime.current
    context = get_current()
    if active is None or is_active(context):
        return None
    return Inference(active, active.registry.named(identity), operation, context)
