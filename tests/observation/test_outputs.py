from otel_ml.observation import OutputRow, read_outputs


def test_probabilities_give_the_likeliest_class_and_its_probability() -> None:
    outputs = read_outputs([[0.2, 0.8]], operation="predict_proba", classes=["no", "yes"])
    assert outputs.size == 1
    assert outputs.row(0) == OutputRow("yes", 0.8, class_scores=(("yes", 0.8), ("no", 0.2)))


def test_none_has_no_rows() -> None:
    assert read_outputs(None, operation="predict").size == 0
