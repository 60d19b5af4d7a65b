"""What is left out is an error in CI, and nowhere else."""

from __future__ import annotations

import pytest

LEFT_OUT = """
    import pytest

    def test_that_passes():
        pass

    @pytest.mark.skip(reason="no such thing here")
    def test_with_a_mark():
        pass

    def test_that_finds_out_itself():
        pytest.skip("the server is away")

    @pytest.fixture
    def absent():
        pytest.skip("nothing to set up")

    def test_whose_fixture_skips(absent):
        pass

    def test_without_its_library():
        pytest.importorskip("no_such_library")

    @pytest.mark.xfail(reason="known to be wrong")
    def test_that_is_expected_to_fail():
        assert False
"""

REASONS = (
    "no such thing here",
    "the server is away",
    "nothing to set up",
    "could not import 'no_such_library'",
    "expected to fail: known to be wrong",
)


@pytest.fixture
def inner(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest('pytest_plugins = ["tests.support.strict"]')
    pytester.makepyfile(test_left_out=LEFT_OUT)
    return pytester


def test_in_ci_everything_left_out_fails_with_its_reason(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    result = inner.runpytest("-ra")
    counts = result.parseoutcomes()
    assert counts.get("failed", 0) + counts.get("errors", 0) == len(REASONS)
    assert counts["passed"] == 1
    assert counts.keys().isdisjoint({"skipped", "xfailed", "xpassed"})
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    for reason in REASONS:
        result.stdout.fnmatch_lines(f"*left out, which CI does not allow: {reason}*")


def test_in_ci_a_module_that_skips_itself_fails(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    inner.makepyfile(test_module="import pytest\npytest.skip('not on this platform', allow_module_level=True)\n")
    result = inner.runpytest("test_module.py")
    result.stdout.fnmatch_lines("*left out, which CI does not allow: *not on this platform*")
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_elsewhere_it_is_left_out_as_usual(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    result = inner.runpytest()
    result.assert_outcomes(passed=1, skipped=4, xfailed=1)
    assert result.ret == pytest.ExitCode.OK
