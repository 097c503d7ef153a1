"""Names of former modules, which configurations may have, are found for one release."""

from importlib import import_module

import pytest

import evaluation
from evaluation.moved import MOVED


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("selections", "RankCorrelation"),
        ("imputation", "LinearImputation"),
        ("disturbances", "WeightNoise"),
        ("triggered_fooling", "TriggeredFooling"),
    ],
)
def test_a_former_module_has_todays_classes(module: str, name: str) -> None:
    with pytest.warns(FutureWarning, match=rf"evaluation\.{module} will be removed"):
        former = import_module(f"evaluation.{module}")
    assert getattr(former, name) is getattr(evaluation, name)


def test_every_former_module_leads_somewhere() -> None:
    for today in MOVED.values():
        import_module(f"evaluation.{today}")
    with pytest.raises(ModuleNotFoundError):
        import_module("evaluation.nothing")
