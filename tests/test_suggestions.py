"""Suggestions for misspelt names."""

from suggestions import did_you_mean


def test_closest_name_is_suggested() -> None:
    assert did_you_mean("layr4", ["layer4", "conv1"]) == " (did you mean `layer4`?)"


def test_nothing_is_suggested_without_a_similar_name() -> None:
    assert did_you_mean("hexagram", ["circle", "square"]) == ""
    assert did_you_mean("", ["circle"]) == ""
