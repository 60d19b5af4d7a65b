"""What ends when a registered object is gone: its watch at once, its share of the metrics once they have told the last of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_ml import registrations

if TYPE_CHECKING:
    from otel_ml.models import Identity, Model
    from otel_ml.monitoring.watch import Watch
    from otel_ml.monitoring.watches import Watches

KEPT = 100
"""Identities beyond which those that have ended make room: a service that loads its model anew has another one each time."""


class Endings:
    """Follows registrations with a baseline to their end. Runs under the registry's lock.

    Args:
        watches: where they are watched.
        models: by identity, from which those that have ended are taken.
    """

    def __init__(self, watches: Watches, models: dict[Identity, Model]) -> None:
        self._watches = watches
        self._models = models
        self._watched: dict[Identity, Watch] = {}  # as they were registered
        self._departed = registrations.departed
        self._ending: list[Model] = []  # a collection is to come that tells the last of them
        self._ended: dict[Identity, Model] = {}

    def expect(self, identity: Identity, watch: Watch) -> None:
        """Note the watch of an identity, as it was registered."""
        self._watched[identity] = watch

    @property
    def are_due(self) -> bool:
        """Whether an object is gone since the last look."""
        return registrations.departed != self._departed

    def end(self) -> None:
        """End the watches of registrations whose objects are gone, or have another one now."""
        self._departed = registrations.departed
        living = {known.identity for known in registrations.living()}
        former = [identity for identity in self._watched if identity not in living]
        ended = {self._watched.pop(identity) for identity in former} - set(self._watched.values())
        default = self._watches.default
        ended = {watch for watch in ended if default is None or watch.baseline.id != default.id}
        for watch in ended:
            self._watches.retire(watch)
        if ended:
            self._ending += [model for model in self._models.values() if model.watch in ended]

    def forget(self) -> None:
        """Let go of models whose last counts have been told. Under the aggregator's lock, too."""
        if self._ending:
            told = set(self._watches.reported())
            for model in [model for model in self._ending if model.watch not in told]:
                self._ending.remove(model)
                if self._is_over(model):
                    model.counts.end_features()
                    self._ended[model.identity] = model
        while self._ended and len(self._models) > KEPT:
            model = self._ended.pop(next(iter(self._ended)))
            if self._is_over(model):
                del self._models[model.identity]
                self._bequeath(model)

    def _is_over(self, model: Model) -> bool:
        """Whether it has not come back, with a watch of its own."""
        return self._models.get(model.identity) is model

    def _bequeath(self, model: Model) -> None:
        """Predictions are counted by name, whatever the baseline: a total must not fall while there is a namesake."""
        named = model.model_attributes()
        heir = next((one for one in reversed(self._models.values()) if one.model_attributes() == named), None)
        model.counts.end_features()
        if heir is not None:
            heir.counts.inherit(model.counts)
            model.counts = heir.counts  # for calls that are under way
