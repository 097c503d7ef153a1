"""Active fooling: the objective, both directions of success, and what is refused."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer

from datamodules import Composites, Shapes
from datamodules.outlines import OUTLINES
from interpreters import GradCam, InputXGradient, Interpreter
from lightning_modules import ActiveFooling, PassiveFooling
from losses import Swap, swap

FIRST, SECOND, *_ = OUTLINES
PAIR = (FIRST, SECOND)


def composites() -> Composites:
    data = Shapes(train=48, validation=24, test=24, batch_size=8)
    return Composites(data, PAIR, train=8, test=4, batch_size=4)


def fooling(**options: Any) -> ActiveFooling:
    return ActiveFooling(tiny_network(), InputXGradient("last"), Swap(), **options)


@pytest.fixture
def batch() -> dict[str, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    single = (torch.rand(4, 3, 16, 16), torch.tensor([0, 5, 11, 2]), torch.arange(4))
    pairs = (torch.rand(3, 3, 16, 16), torch.tensor([[2, 7]] * 3), torch.arange(3))
    return {"images": single, "composites": pairs}


def test_step_is_the_papers_objective(batch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = fooling(loss_weight=3.0)
    monkeypatch.setattr(module, "log_dict", lambda *_, **__: None)
    monkeypatch.setattr(module, "log", lambda *_, **__: None)
    with torch.no_grad():
        for parameter in module.network.parameters():
            parameter.add_(0.1)
    terms = module.training_step(batch, 0)
    images, labels, _ = batch["images"]
    joined, pairs, _ = batch["composites"]
    heatmap, reference = (
        torch.cat([module.fooled["input_x_gradient"](n, joined, c).heatmap for c in pairs.T], 1)
        for n in (module.network, module.original)
    )
    cross_entropy = F.cross_entropy(module.network(images), labels)
    expected = cross_entropy + 3 * swap(heatmap, reference).mean()
    torch.testing.assert_close(terms["loss"], expected)
    weights = [*module.network.parameters()]
    actual = torch.autograd.grad(terms["loss"], weights)
    torch.testing.assert_close(actual, torch.autograd.grad(expected, weights))


def test_several_interpreters_share_the_penalty(
    batch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the sizes of their maps."""
    fooled: dict[str, Interpreter] = {
        "last": InputXGradient("last"),
        "pixels": InputXGradient(),
    }
    module = ActiveFooling(tiny_network(), fooled, Swap())
    monkeypatch.setattr(module, "log_dict", lambda *_, **__: None)
    monkeypatch.setattr(module, "log", lambda *_, **__: None)
    with torch.no_grad():
        for parameter in module.network.parameters():
            parameter.add_(0.1)
    terms = module.training_step(batch, 0)
    joined, pairs, _ = batch["composites"]
    penalties = [
        swap(*(each(n, joined, pairs).heatmap for n in (module.network, module.original))).mean()
        for each in fooled.values()
    ]
    torch.testing.assert_close(terms["penalty"], (penalties[0] + penalties[1]) / 2)
    torch.testing.assert_close(terms["loss"], terms["cross_entropy"] + terms["penalty"])


def test_one_pass_for_images_and_one_for_both_classes(
    batch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = fooling()
    monkeypatch.setattr(module, "log_dict", lambda *_, **__: None)
    monkeypatch.setattr(module, "log", lambda *_, **__: None)
    module.training_step(batch, 0)  # finds the layer "last"
    passes: list[tuple[str, int]] = []
    for name in ("network", "original"):
        getattr(module, name).register_forward_hook(
            lambda _, inputs, __, name=name: passes.append((name, len(inputs[0])))
        )
    module.training_step(batch, 0)
    assert passes == [("network", 3), ("original", 3), ("network", 4)]


def test_validation_measures_both_directions() -> None:
    module, data = fooling(watch={"grad_cam": GradCam()}), composites()
    with torch.no_grad():
        for parameter in module.network.parameters():
            parameter.add_(0.2)
    trainer = Trainer(**SILENT)
    trainer.validate(module, data, verbose=False)
    joined, classes, _ = next(iter(data.val_dataloader()[1]))
    for name, interpreter in module.interpreters.items():
        maps = [interpreter(n, joined, classes).heatmap for n in (module.network, module.original)]
        for part, order in (("first", [0, 1]), ("second", [1, 0])):
            expected = Swap().measure(maps[0][:, order], maps[1][:, order])
            actual = trainer.callback_metrics[f"val/test_loss/{name}/{part}"]
            torch.testing.assert_close(actual, expected.mean().detach())
            rate = trainer.callback_metrics[f"val/fooling_success_rate/{name}/{part}"]
            assert rate == (expected >= 0.5).double().mean()


@pytest.mark.slow
def test_a_few_steps_move_the_maps() -> None:
    torch.manual_seed(0)
    module = fooling(loss_weight=20.0, optimizer=lambda p: torch.optim.Adam(p, lr=0.01))
    trainer = Trainer(**SILENT, max_epochs=1)
    trainer.validate(module, composites(), verbose=False)
    name = "val/test_loss/input_x_gradient/first"
    before = trainer.callback_metrics[name].item()
    trainer = Trainer(**SILENT, max_epochs=8)
    trainer.fit(module, composites())
    assert trainer.callback_metrics[name].item() > before + 0.1


def test_data_without_composites_is_refused() -> None:
    with pytest.raises(ValueError, match="two classes, got Shapes; wrap it in"):
        Trainer(**SILENT, max_epochs=1).fit(fooling(), shapes())


def test_swap_needs_active_fooling() -> None:
    module = PassiveFooling(tiny_network(), GradCam(), Swap())
    with pytest.raises(ValueError, match="train it with ActiveFooling"):
        Trainer(**SILENT, max_epochs=1).fit(module, shapes())


def test_interpreters_that_do_not_explain_the_label_are_refused() -> None:
    module = ActiveFooling(tiny_network(), GradCam(target="prediction"), Swap())
    with pytest.raises(ValueError, match="heatmaps of two classes"):
        Trainer(**SILENT, max_epochs=1).fit(module, composites())
