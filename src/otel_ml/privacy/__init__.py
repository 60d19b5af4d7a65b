"""Which values leave the process, and how: one policy for every signal."""

from otel_ml.privacy.actions import MASKED
from otel_ml.privacy.plan import FeaturePlan
from otel_ml.privacy.policy import Policy, approximate_size

__all__ = ["MASKED", "FeaturePlan", "Policy", "approximate_size"]
