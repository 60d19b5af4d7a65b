"""What the attributes of spans and events say, by meaning."""

from __future__ import annotations

from typing import Any

from opentelemetry.semconv._incubating.attributes import http_attributes as http
from opentelemetry.semconv.attributes import service_attributes as service

from otel_ml.semconv import attributes as names
from otel_ml.service.records import Attributes, Span

_CALLER = (names.USER_ID, names.SESSION_ID, names.TENANT_ID)
_OUTPUTS = {
    "label": names.ML_OUTPUT_LABEL,
    "labels": names.ML_OUTPUT_LABELS,
    "score": names.ML_OUTPUT_SCORE,
    "value": names.ML_OUTPUT_VALUE,
    "values": names.ML_OUTPUT_VALUES,
}


def features(attributes: Attributes) -> dict[str, Any]:
    """The captured features of a row, without its nulls."""
    return _under(names.ML_FEATURE_VALUE_TEMPLATE, attributes)


def null_names(attributes: Attributes) -> list[str]:
    """The features that were null."""
    nulls = attributes.get(names.ML_FEATURE_NULL_NAMES)
    return [str(name) for name in nulls] if isinstance(nulls, list) else []


def output(attributes: Attributes) -> dict[str, Any]:
    """What was predicted: those of label, labels, score, value, values and class_scores that are known."""
    known = {key: attributes[name] for key, name in _OUTPUTS.items() if name in attributes}
    if scores := _under(names.ML_OUTPUT_CLASS_SCORE_TEMPLATE, attributes):
        known["class_scores"] = scores
    return known


def caller(attributes: Attributes) -> dict[str, Any]:
    """For whom it was predicted: user, session, tenant, segments, by attribute name."""
    prefix = names.ML_SEGMENT_TEMPLATE + "."
    return {key: value for key, value in attributes.items() if key in _CALLER or key.startswith(prefix)}


def request(span: Span) -> dict[str, Any]:
    """Method, route and status code of an HTTP server span, in the stable names or the older ones."""
    found = {
        "method": _first(span.attributes, http.HTTP_REQUEST_METHOD, http.HTTP_METHOD),
        "route": _first(span.attributes, http.HTTP_ROUTE),
        "status_code": _first(span.attributes, http.HTTP_RESPONSE_STATUS_CODE, http.HTTP_STATUS_CODE),
    }
    return {key: value for key, value in found.items() if value is not None}


def service_name(resource: Attributes) -> str:
    """The service that sent it."""
    return str(resource.get(service.SERVICE_NAME, ""))


def instance_id(resource: Attributes) -> str | None:
    """The instance of the service that sent it."""
    found = resource.get(service.SERVICE_INSTANCE_ID)
    return None if found is None else str(found)


def _under(template: str, attributes: Attributes) -> dict[str, Any]:
    prefix = template + "."
    return {key[len(prefix) :]: value for key, value in attributes.items() if key.startswith(prefix)}


def _first(attributes: Attributes, *keys: str) -> Any:
    return next((attributes[key] for key in keys if key in attributes), None)
