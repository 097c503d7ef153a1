"""The calibration error against torchmetrics', which keeps every image."""

import torch
from torchmetrics.functional.classification import multiclass_calibration_error

from metrics import CalibrationError


def test_is_torchmetrics() -> None:
    logits, labels = 3 * torch.randn(200, 5, dtype=torch.float64), torch.randint(0, 5, (200,))
    metric = CalibrationError(10)
    for part, targets in zip(logits.split(30), labels.split(30), strict=True):
        metric.update(part, targets)
    expected = multiclass_calibration_error(logits, labels, 5, n_bins=10)
    torch.testing.assert_close(
        metric.compute(), torch.stack([expected, torch.tensor(200.0)]).double()
    )


def test_certain_and_right_is_calibrated() -> None:
    metric = CalibrationError()
    metric.update(100.0 * torch.eye(4), torch.arange(4))
    assert metric.compute().tolist() == [0, 4]
    metric.reset()
    metric.update(100.0 * torch.eye(4), (torch.arange(4) + 1) % 4)
    assert metric.compute().tolist() == [1, 4]
