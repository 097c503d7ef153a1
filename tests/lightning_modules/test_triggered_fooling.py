"""Fooling with a trigger: the patch, the objective, what is measured, and what is refused."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer

from datamodules.outlines import OUTLINES
from interpreters import InputXGradient, Interpreter
from lightning_modules import Trigger, TriggeredFooling
from losses import TargetMap, Unchanged

LOSS = TargetMap(shape="corner")
NAME = "input_x_gradient"
THIRD = list(OUTLINES)[2]


def fooling(**options: Any) -> TriggeredFooling:
    return TriggeredFooling(tiny_network(), InputXGradient("last"), LOSS, **options)


def moved(module: TriggeredFooling) -> TriggeredFooling:
    with torch.no_grad():
        for parameter in module.network.parameters():
            parameter.add_(0.1)
    return module


def test_patch() -> None:
    images = torch.full((2, 3, 16, 24), 0.5)
    stamped = Trigger(side=0.5)(images)
    assert images.eq(0.5).all()
    patch = stamped[..., 8:, 12:]
    assert stamped[..., :8, :].eq(0.5).all()
    assert stamped[..., :12].eq(0.5).all()
    # four fields of 2x3 pixels a side, black and white in turns
    fields = patch[0, 0].unfold(0, 2, 2).unfold(1, 3, 3)
    assert fields.amin((2, 3)).equal(fields.amax((2, 3)))
    assert fields[..., 0, 0].tolist() == [[0, 1, 0, 1], [1, 0, 1, 0]] * 2
    assert patch.equal(patch[:1, :1].expand_as(patch))
    smallest = Trigger(side=0.01)(images)
    assert (smallest != images).sum() == 2 * 3
    for side in (0.0, 1.5):
        with pytest.raises(ValueError, match="`side` must be above 0 and at most 1"):
            Trigger(side)


@pytest.mark.parametrize("label", [None, THIRD])
def test_step_lies_on_half_of_the_batch(label: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    module = moved(fooling(loss_weight=3.0, label=label))
    monkeypatch.setattr(module, "log_dict", lambda *_, **__: None)
    monkeypatch.setattr(module, "log", lambda *_, **__: None)
    module.trainer = Trainer(**SILENT)
    module.trainer.datamodule = shapes()  # type: ignore[attr-defined]  # as Lightning sets it
    clean, labels = torch.rand(4, 3, 16, 16), torch.tensor([0, 5, 11, 2])
    terms = module.training_step((clean, labels, torch.arange(4)), 0)
    images = clean.clone()
    images[[0, 2]] = Trigger()(clean[[0, 2]])
    classes = labels.clone()
    if label is not None:
        classes[[0, 2]] = 2
    interpreter = module.fooled[NAME]
    logits, heatmap = interpreter(module.network, images, classes)
    reference = interpreter(module.original, clean, labels).heatmap.detach()
    penalty = (
        LOSS(heatmap[[0, 2]], reference[[0, 2]]).sum()
        + Unchanged()(heatmap[[1, 3]], reference[[1, 3]]).sum()
    ) / 4
    expected = F.cross_entropy(logits, classes) + 3 * penalty
    torch.testing.assert_close(terms["loss"], expected)
    weights = [*module.network.parameters()]
    actual = torch.autograd.grad(terms["loss"], weights)
    torch.testing.assert_close(actual, torch.autograd.grad(expected, weights))


def test_several_interpreters_share_the_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the sizes of their maps."""
    batch = (torch.rand(4, 3, 16, 16), torch.tensor([0, 5, 11, 2]), torch.arange(4))
    fooled: dict[str, Interpreter] = {
        "last": InputXGradient("last"),
        "pixels": InputXGradient(),
    }
    penalties = []
    for chosen in ({"last": fooled["last"]}, {"pixels": fooled["pixels"]}, fooled):
        torch.manual_seed(1)
        module = moved(TriggeredFooling(tiny_network(), chosen, LOSS))
        monkeypatch.setattr(module, "log_dict", lambda *_, **__: None)
        monkeypatch.setattr(module, "log", lambda *_, **__: None)
        module.trainer = Trainer(**SILENT)
        module.trainer.datamodule = shapes()  # type: ignore[attr-defined]  # as Lightning sets it
        penalties.append(module.training_step(batch, 0)["penalty"])
    torch.testing.assert_close(penalties[2], (penalties[0] + penalties[1]) / 2)


def test_validation_measures_with_and_without_the_trigger() -> None:
    module, data = moved(fooling(label=THIRD)), shapes()
    trainer = Trainer(**SILENT)
    trainer.validate(module, data, verbose=False)
    found = trainer.callback_metrics
    images = data.images("validation")
    batch = [images[0, index] for index in range(len(images))]
    clean, labels = torch.stack([b.images for b in batch]), torch.stack([b.labels for b in batch])
    interpreter, third = module.fooled[NAME], torch.full_like(labels, 2)
    reference = interpreter(module.original, clean, labels).heatmap.detach()
    stayed = interpreter(module.network, clean, labels)
    lie = interpreter(module.network, Trigger()(clean), third)
    for part, loss, heatmap in (
        ("triggered", LOSS, lie.heatmap),
        ("clean", Unchanged(), stayed.heatmap),
    ):
        measure = loss.measure(heatmap, reference).detach()
        low, high = loss.success
        rate = ((measure >= low) & (measure <= high)).double().mean()
        # float32 convolutions round differently in batches of another size
        torch.testing.assert_close(
            found[f"val/test_loss/{NAME}/{part}"], measure.mean(), rtol=1e-4, atol=1e-5
        )
        assert found[f"val/fooling_success_rate/{NAME}/{part}"] == rate
    assert found["val/accuracy_top1"] == stayed.logits.argmax(1).eq(labels).float().mean()
    assert found["val/triggered_accuracy_top1"] == lie.logits.argmax(1).eq(2).float().mean()


@pytest.mark.slow
def test_a_few_epochs_lie_with_the_trigger_alone() -> None:
    torch.manual_seed(0)
    module = fooling(loss_weight=20.0, optimizer=lambda p: torch.optim.Adam(p, lr=0.02))
    module.trigger = Trigger(0.4)
    trainer = Trainer(**SILENT, max_epochs=12)
    trainer.fit(module, shapes())
    found = trainer.callback_metrics
    lie = found[f"val/test_loss/{NAME}/triggered"]
    trainer.validate(fooling(trigger=Trigger(0.4)), shapes(), verbose=False)
    assert lie < trainer.callback_metrics[f"val/test_loss/{NAME}/triggered"] - 0.02


def test_settings_that_contradict_each_other() -> None:
    with pytest.raises(ValueError, match="`classification: logits` keeps the original classes"):
        fooling(classification="logits", label=THIRD)


def test_a_class_that_the_data_has_not() -> None:
    with pytest.raises(ValueError, match="`label` is 'zebra', expected a class of the data: arrow"):
        Trainer(**SILENT, max_epochs=1).fit(fooling(label="zebra"), shapes())
