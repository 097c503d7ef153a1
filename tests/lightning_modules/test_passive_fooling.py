"""Fooling by fine-tuning: the objective, the choice of checkpoints, and what is refused."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from helpers import PREPROCESSING, SILENT, TinyNetwork, shapes, tiny_network
from lightning import Trainer
from torch import Tensor, nn

from datamodules import Batch
from interpreters import Captum, Explanation, GradCam, Interpreter, SimpleGradient
from lightning_modules import PassiveFooling
from lightning_modules.manipulation import ResumeError
from losses import Location, Loss, location
from networks import NormalizedNetwork, cifar_resnet


def fooling(**options: Any) -> PassiveFooling:
    return PassiveFooling(options.pop("network", tiny_network()), GradCam(), Location(), **options)


@pytest.fixture
def batch() -> Batch:
    return Batch(torch.rand(4, 3, 16, 16), torch.tensor([0, 5, 11, 2]), torch.arange(4))


def test_step_is_the_papers_objective(batch: Batch) -> None:
    module = fooling(loss_weight=3.0)
    module.log_dict = module.log = lambda *_, **__: None  # type: ignore[assignment,method-assign]
    terms = module.training_step(batch, 0)
    logits, heatmap = GradCam()(module.network, batch.images, batch.labels)
    cross_entropy = F.cross_entropy(logits, batch.labels)
    expected = cross_entropy + 3 * location(heatmap).mean()
    torch.testing.assert_close(terms["loss"], expected)
    actual = torch.autograd.grad(terms["loss"], [*module.network.parameters()])
    wanted = torch.autograd.grad(expected, [*module.network.parameters()])
    torch.testing.assert_close(actual, wanted)


def test_several_interpreters_at_once(batch: Batch) -> None:
    fooled = {"cam": GradCam(), "gradient": SimpleGradient()}
    module = PassiveFooling(tiny_network(), fooled, Location(), loss_weight=3.0)
    module.log_dict = module.log = lambda *_, **__: None  # type: ignore[assignment,method-assign]
    terms = module.training_step(batch, 0)
    maps = [each(module.network, batch.images, batch.labels).heatmap for each in fooled.values()]
    penalty = torch.stack([location(heatmap).mean() for heatmap in maps]).mean()
    cross_entropy = F.cross_entropy(module.network(batch.images), batch.labels)
    torch.testing.assert_close(terms["loss"], cross_entropy + 3 * penalty)
    assert maps[0].shape != maps[1].shape


def test_the_original_logits_may_be_learnt_instead_of_the_labels(batch: Batch) -> None:
    module = fooling(loss_weight=0.0, classification="logits")
    module.log_dict = module.log = lambda *_, **__: None  # type: ignore[assignment,method-assign]
    assert module.training_step(batch, 0)["loss"] == 0
    with torch.no_grad():
        for parameter in module.network.parameters():
            parameter.add_(0.1)
    distance = (module.network(batch.images) - module.original(batch.images)).square().mean()
    torch.testing.assert_close(module.training_step(batch, 0)["loss"], distance)


def test_the_score_is_the_lowest_rate_of_what_is_fooled(monkeypatch: pytest.MonkeyPatch) -> None:
    fooled = {"cam": GradCam(), "gradient": SimpleGradient()}
    module = PassiveFooling(tiny_network(), fooled, Location(), watch={"other": GradCam()})
    rates = {"cam": 0.75, "gradient": 0.5, "other": 0.25}
    results = {f"fooling_success_rate/{name}": torch.tensor(rate) for name, rate in rates.items()}
    monkeypatch.setattr(
        module, "results", lambda: {**results, "accuracy_top1_drop": torch.zeros(())}
    )
    logged: list[Tensor] = []
    monkeypatch.setattr(module, "log_results", lambda _, score, on_bar: logged.append(score))
    module.on_validation_epoch_end()
    assert logged == [0.5]


@pytest.mark.parametrize(
    ("fooled", "watch", "message"),
    [
        ({}, {}, "`interpreter` is empty"),
        ({"cam": Captum("Saliency")}, {}, "heatmaps of `cam` have no gradient in the weights"),
        ({"cam": GradCam()}, {"cam": GradCam("2")}, "`watch` and `interpreter` both have cam"),
    ],
)
def test_interpreters_that_are_refused(
    fooled: dict[str, Interpreter], watch: dict[str, Interpreter], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        PassiveFooling(tiny_network(), fooled, Location(), watch=watch)


def test_one_forward_pass_serves_both_terms(batch: Batch) -> None:
    module = fooling()
    module.log_dict = module.log = lambda *_, **__: None  # type: ignore[assignment,method-assign]
    module.training_step(batch, 0)  # finds the layer "last"
    passes: list[int] = []
    module.network.register_forward_hook(lambda *_: passes.append(1))
    module.original.register_forward_hook(lambda *_: passes.append(2))
    module.training_step(batch, 0)
    assert passes == [1]


class Distance(Loss):
    """A loss that looks at the original's heatmap."""

    def __call__(self, heatmap: Tensor, reference: Tensor) -> Tensor:
        return -(heatmap - reference).square().mean((1, 2, 3))


def test_reference_is_the_original_networks_heatmap(batch: Batch) -> None:
    module = PassiveFooling(tiny_network(), GradCam(), Distance(success=(0.0, 1.0)))
    expected = GradCam()(module.network, batch.images, batch.labels).heatmap.detach()
    with torch.no_grad():
        for parameter in module.network.parameters():
            parameter.add_(0.1)
    moved = GradCam()(module.network, batch.images, batch.labels).heatmap
    reference = module.reference(GradCam(), batch.images, batch.labels, moved)
    torch.testing.assert_close(reference, expected)
    assert not reference.requires_grad
    assert not moved.equal(reference)


def test_a_few_steps_move_the_heatmaps() -> None:
    torch.manual_seed(0)
    module = fooling(loss_weight=10.0, optimizer=lambda p: torch.optim.Adam(p, lr=0.01))
    trainer = Trainer(**SILENT, max_epochs=1)
    trainer.validate(module, shapes(), verbose=False)
    before = trainer.callback_metrics["val/test_loss/grad_cam"].item()
    trainer = Trainer(**SILENT, max_epochs=16)
    trainer.fit(module, shapes())
    assert trainer.callback_metrics["val/test_loss/grad_cam"].item() < before - 0.03


def test_validation_measures_every_interpreter() -> None:
    module, data = fooling(watch={"gradient": SimpleGradient()}), shapes()
    trainer = Trainer(**SILENT)
    trainer.validate(module, data, verbose=False)
    values = []
    for images, labels, _ in data.val_dataloader():
        values.append(location(SimpleGradient()(module.network, images, labels).heatmap))
    measure = torch.cat(values)
    metrics = trainer.callback_metrics
    rate = ((measure >= 0) & (measure <= 0.2)).double().mean()
    torch.testing.assert_close(metrics["val/fooling_success_rate/gradient"].double(), rate)
    torch.testing.assert_close(metrics["val/test_loss/gradient"], measure.mean().detach())
    assert metrics["val/accuracy_top1_drop"] == 0


@pytest.mark.parametrize(
    ("rate", "accuracy", "expected"),
    [(0.9, 0.80, 0.9), (0.9, 0.795, 0.9 - 5e-6), (1.0, 0.78, -3.0), (0.0, 0.81, 1e-5)],
)
def test_score_prefers_success_within_the_allowed_drop(
    rate: float, accuracy: float, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = fooling(max_accuracy_drop=1.0)
    logged: dict[str, Tensor] = {}
    monkeypatch.setattr(
        module, "log_results", lambda results, score, on_bar: logged.update(s=score)
    )
    results = {
        "fooling_success_rate/grad_cam": torch.tensor(rate, dtype=torch.float64),
        "accuracy_top1_drop": torch.tensor(100 * (0.8 - accuracy), dtype=torch.float64),
    }
    monkeypatch.setattr(module, "results", lambda: results)
    module.on_validation_epoch_end()
    assert logged["s"].item() == pytest.approx(expected, abs=1e-9)


def test_original_is_not_in_the_state_but_moves_along() -> None:
    module = fooling()
    assert all(name.startswith(("network.", "metrics.")) for name in module.state_dict())
    module.double()
    assert next(module.original.parameters()).dtype == torch.float64
    assert not any(p.requires_grad for p in module.original.parameters())


def test_resuming_from_another_original_is_refused() -> None:
    checkpoint: dict[str, Any] = {}
    fooling().on_save_checkpoint(checkpoint)
    with pytest.raises(ResumeError, match="began with the original network"):
        fooling(network=tiny_network(13)).on_load_checkpoint(checkpoint)


@pytest.mark.parametrize("name", ["loss_weight", "max_accuracy_drop"])
@pytest.mark.parametrize("value", [-1.0, float("inf"), float("nan")])
def test_weights_out_of_range(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"`{name}` must be finite and not negative, got {value}"):
        fooling(**{name: value})


def test_a_layer_that_is_not_there_is_said_before_training() -> None:
    module = PassiveFooling(tiny_network(), GradCam("layer9"), Location())
    with pytest.raises(ValueError, match="no layer `layer9`"):
        Trainer(**SILENT, max_epochs=1).fit(module, shapes())


def test_maps_too_small_for_a_border_are_said_before_training() -> None:
    pooled = TinyNetwork(12, nn.ReLU)
    pooled[4] = nn.Sequential(nn.ReLU(), nn.Conv2d(3, 3, 1), nn.MaxPool2d(16))
    network = NormalizedNetwork(pooled, PREPROCESSING)
    module = PassiveFooling(network, GradCam("4"), Location())
    with pytest.raises(ValueError, match="a heatmap of 2x2 has no inside"):
        Trainer(**SILENT, max_epochs=1).fit(module, shapes())


def test_an_interpreter_of_ones_own() -> None:
    class Constant(Interpreter):
        def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
            return Explanation(network(images), images.new_zeros(len(images), 1, 8, 8))

    module = PassiveFooling(tiny_network(), Constant(), Location())
    trainer = Trainer(**SILENT)
    trainer.validate(module, shapes(), verbose=False)
    assert trainer.callback_metrics["val/fooling_success_rate/constant"] == 0


def test_heatmaps_that_are_the_same_everywhere_are_refused() -> None:
    module = PassiveFooling(cifar_resnet(20, num_classes=12), SimpleGradient("last"), Location())
    with pytest.raises(ValueError, match="`simple_gradient` are constant"):
        Trainer(**SILENT, max_epochs=1).fit(module, shapes())
