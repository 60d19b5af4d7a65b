"""Every name of the `ml.*` conventions; nothing else in the package spells one out.

`registry/*.yaml` defines them in OpenTelemetry's semantic-convention format. The constants in `attributes`, `metrics`
and `events` are generated from it by `make generate`.
"""
