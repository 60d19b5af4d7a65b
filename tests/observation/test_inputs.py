from otel_ml.observation import Row, read_inputs


def test_none_is_no_input() -> None:
    assert read_inputs(None) is None


def test_nested_mapping_is_one_row() -> None:
    row = read_inputs({"age": 41, "user": {"city": "Oslo"}, "income": float("nan")})
    assert isinstance(row, Row)
    assert row.names == ("age", "user_city", "income")
    assert row.values == [41, "Oslo", None]
    assert row.nulls == (2,)
