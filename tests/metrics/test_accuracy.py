"""Top-k accuracy, image by image."""

import torch

from metrics import correct

LOGITS = torch.tensor([[0.1, 0.7, 0.2], [0.5, 0.1, 0.4], [-3.0, -2.0, -1.0]])


def test_hand_computed() -> None:
    labels = torch.tensor([1, 2, 0])
    assert correct(LOGITS, labels, 1).tolist() == [True, False, False]
    assert correct(LOGITS, labels, 2).tolist() == [True, True, False]
    assert correct(LOGITS, labels, 3).tolist() == [True, True, True]


def test_more_places_than_classes() -> None:
    assert correct(LOGITS, torch.tensor([0, 1, 0]), 5).tolist() == [True, True, True]


def test_top1_is_argmax() -> None:
    logits, labels = torch.randn(200, 10), torch.randint(10, (200,))
    assert torch.equal(correct(logits, labels, 1), logits.argmax(1) == labels)
