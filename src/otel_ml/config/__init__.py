"""Configuration: keyword over environment over declarative file over default, wrong values refused at the start."""

from otel_ml.config.compound import Events, EventTime
from otel_ml.config.config import Config
from otel_ml.config.option import ConfigError, Option

__all__ = ["Config", "ConfigError", "EventTime", "Events", "Option"]
