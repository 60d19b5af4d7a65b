"""The policy as the fit of a baseline asks it: about columns and their values instead of rows."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from otel_ml.config import Config
from otel_ml.privacy.actions import CHECK, DROP, HASH, MASK, MASKED, ROUND
from otel_ml.privacy.labels import printable
from otel_ml.privacy.policy import Policy
from otel_ml.privacy.values import find

_SHOWN: Final = 3


class Treatment:
    """What of training data may stand in a baseline: the same that may leave with a prediction.

    Can be pickled with its configuration, the hash key too, as the workers that fit parts need it.

    Args:
        config: whose policy it is.

    >>> treatment = Treatment(Config())
    >>> treatment.action("email"), treatment.action("age"), treatment.category("note", "ann@example.com")
    ('mask', 'keep', '[masked]')
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._policy = Policy(config)

    def action(self, name: str | None) -> Literal["keep", "mask", "drop", "hash", "round"]:
        """What is done with a column; None stands for what the model made of the row."""
        if name is None:
            return "keep" if self._policy.captures_outputs else "drop"
        found = self._policy.plan((name,), frozenset((name,))).action(0)
        actions: dict[str, Literal["mask", "drop", "hash", "round"]]
        actions = {MASK: "mask", DROP: "drop", HASH: "hash", ROUND: "round"}
        return actions.get(found, "keep")

    def safe_name(self, name: str) -> str:
        """A column's name, printable; one that itself looks sensitive is replaced as it is in telemetry."""
        if find(name[:1024]):
            return self._policy.plan((name,)).safe_name(0)
        return printable(name)

    def mark(self, name: str) -> str | None:
        """What is done with the values of a column, for a later look at whether the same is done: see `Baseline.treated`."""
        action = self.action(name)
        if action == "hash":
            return f"hash {self._key_mark()}"
        if action == "round":
            return f"round {self._config.round_digits}"
        return f"name {self._key_mark()}".rstrip() if find(name[:1024]) else None

    def differences(self, treated: Mapping[str, str], features: Iterable[str]) -> str | None:
        """What is done otherwise than in the fit of a baseline, in words; None if nothing is.

        Args:
            treated: of the baseline.
            features: its features that have values.
        """
        found = []
        for name in features:
            then = treated.get(name, "")
            if then.startswith("name") or self.action(name) in ("mask", "drop"):
                now = f"name {self._key_mark()}" if then.startswith("name") else then
            else:
                now = self.mark(name) or ""
            if then != now:
                found.append(f"{name!r} {_difference(then, now)}")
        if not found:
            return None
        more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
        return (
            f"the baseline was fitted under another privacy policy: {', '.join(found[:_SHOWN])}{more}; "
            "set the policy as it was, OTEL_ML_HASH_KEY included, or fit the baseline again"
        )

    def _key_mark(self) -> str:
        """Tells keys apart without telling anything of them; empty without a key."""
        key = self._config.hash_key
        return "" if key is None else hmac.digest(key.encode("utf-8", "surrogatepass"), b"mark", "sha256").hex()[:8]

    def category(self, name: str | None, text: str) -> str:
        """How a category of a column may stand in the baseline."""
        if name is None or self._checked(name):
            result: Any = self._policy.text(text) if find(text) else text
        else:
            result = self._policy.field(name, text) if self.action(name) != "keep" else text
        return MASKED if result is None else str(result)

    def number(self, name: str | None, value: float) -> float | None:
        """How a number of a column may; None if it looks like that of a payment card."""
        result = self._policy.field("" if name is None else name, value)
        return result if isinstance(result, float) else None

    def _checked(self, name: str) -> bool:
        return self._policy.plan((name,), frozenset((name,))).action(0) == CHECK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Treatment) and other._config == self._config

    def __hash__(self) -> int:
        return hash(Treatment)

    def __deepcopy__(self, memo: object) -> Treatment:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        values = {option.name: _plain(getattr(self._config, option.name)) for option in Config.describe()}
        return _restored, (values,)


def _difference(then: str, now: str) -> str:
    (was, _, then_by), (is_now, _, now_by) = then.partition(" "), now.partition(" ")
    done = {"hash": "hashed", "round": "rounded", "": "kept as it is"}
    if was == "name":
        return "stands for a name that was hashed " + ("with another key" if then_by else "without a key")
    if was != is_now:
        return f"was {done[was]} and is {done[is_now]} now"
    return (
        f"was rounded to {then_by} and is to {now_by} digits now" if was == "round" else "was hashed with another key"
    )


def _restored(values: dict[str, Any]) -> Treatment:
    return Treatment(Config(**values))


def _plain(value: Any) -> Any:
    return dict(value) if hasattr(value, "items") else value
