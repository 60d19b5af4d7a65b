"""Reports of any content, for what is shown of them."""

from __future__ import annotations

from hypothesis import strategies as st

from otel_ml.drift.baseline import Baseline
from otel_ml.drift.report import SCORES, Bin, Moment, Report, VariableReport

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "&lt;b&gt;&amp;",
    "\x1b]0;owned\x07\x1b[2J",
    "a\u202etxt.exe",
    "\ud800",
    "line\nbreak\r\ttab",
    "[bold red]markup[/] {0} %s",
    "東京の気温 🙂",
    "x" * 300,
    "",
)

_text = st.sampled_from(HOSTILE) | st.text(max_size=30)
_share = st.floats(0, 1)
_score = st.none() | st.floats(-1e6, 1e6)
_count = st.integers(0, 10**12)
_moment = st.none() | st.builds(Moment, step=_count, row=_count, time=st.none() | _text)
_bin = st.builds(
    Bin, index=st.sampled_from(["00", "01", "other", "null"]), label=_text, baseline=_share, current=_share, rows=_count
)
_variable = st.builds(
    VariableReport,
    name=_text,
    subject=st.just("feature"),
    kind=_text,
    rows=_count,
    null_ratio=st.none() | _share,
    baseline_null_ratio=st.none() | _share,
    scores=st.fixed_dictionaries(dict.fromkeys(SCORES, _score)),
    noise=st.fixed_dictionaries(dict.fromkeys(SCORES, _score)),
    alarm=st.booleans(),
    first_alarm=_moment,
    bins=st.lists(_bin, max_size=3).map(tuple),
    violations=st.dictionaries(_text, _count, max_size=3),
    causes=st.lists(_text | st.just("distribution"), max_size=3).map(tuple),
    effect=_share,
    direction=st.none() | _text,
    since=_moment,
    moved=st.lists(st.sampled_from(["00", "01", "other", "null", "77"]), max_size=3).map(tuple),
    examples=st.lists(_text, max_size=2).map(tuple),
    group=st.none() | st.integers(0, 1),
    note=st.none() | _text,
)
_variables = st.lists(_variable, max_size=2).map(tuple)
_texts = st.lists(_text, max_size=4).map(tuple)

any_report = st.builds(
    Report,
    baseline=_text,
    rows=_count,
    steps=_count,
    alarm=st.booleans(),
    features=_variables,
    predictions=_variables,
    multivariate=_variables,
    missing=_texts,
    extra=_texts,
    late=_count,
    notes=_texts,
)
any_baseline = st.builds(Baseline, id=_text, rows=_count, variables=st.just(()), model=st.none() | _text, version=_text)
