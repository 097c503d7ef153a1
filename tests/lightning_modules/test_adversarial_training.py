"""Training on attacked images."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
import torch.nn.functional as F
from helpers import SILENT, shapes, tiny_network
from lightning import Trainer
from torch import Tensor, nn

from attacks import PGD
from datamodules import Batch
from lightning_modules import AdversarialTraining, Classifier, Trades
from seeds import generators


@dataclass(frozen=True, kw_only=True)
class Noted(PGD):
    """PGD that notes its radius and the mode of the network."""

    seen: ClassVar[list[tuple[float, bool]]] = []

    def __call__(self, network: nn.Module, *args: Any, **kwargs: Any) -> Tensor:
        self.seen.append((self.radius, network.training))
        return super().__call__(network, *args, **kwargs)


@pytest.fixture
def batch() -> Batch:
    return Batch(torch.rand(4, 3, 16, 16), torch.tensor([0, 5, 11, 2]), torch.arange(4))


def terms_of(module: Classifier, batch: Batch) -> dict[str, Tensor]:
    module.log_dict = module.log = lambda *_, **__: None  # type: ignore[assignment,method-assign]
    return module.training_step(batch, 0)


def test_the_loss_is_that_of_the_attacked_images(batch: Batch) -> None:
    attack = PGD(random_start=False, steps=2)
    module = AdversarialTraining(tiny_network(), attack=attack, fine_tuning=True)
    found = terms_of(module, batch)["loss"]
    changed = attack(module.network, batch.images, batch.labels)
    torch.testing.assert_close(found, F.cross_entropy(module.network(changed), batch.labels))
    assert found > F.cross_entropy(module.network(batch.images), batch.labels)


def test_trades_weighs_accuracy_and_divergence(batch: Batch) -> None:
    module = Trades(tiny_network(), beta=4.0, fine_tuning=True)
    terms = terms_of(module, batch)
    starts = generators(batch.indices, 0, 0)
    changed = module.attack(module.network, batch.images, batch.labels, starts)
    clean, moved = (module.network(each).softmax(1) for each in (batch.images, changed))
    # KL(clean || moved), written out
    divergence = (clean * (clean / moved).log()).sum(1).mean()
    expected = F.cross_entropy(module.network(batch.images), batch.labels) + 4 * divergence
    torch.testing.assert_close(terms["loss"], expected)
    assert divergence > 0


def test_the_attack_grows_and_sees_the_network_in_evaluation_mode() -> None:
    Noted.seen.clear()
    module = AdversarialTraining(tiny_network(), attack=Noted(epsilon=0.08, steps=1), warmup=0.5)
    trainer = Trainer(**SILENT, max_epochs=2, limit_val_batches=0)
    trainer.fit(module, shapes())
    # 6 steps, the first 3 of which grow
    radii = [radius for radius, _ in Noted.seen]
    assert radii == pytest.approx([0.08 / 3, 0.16 / 3, 0.08, 0.08, 0.08, 0.08])
    assert not any(training for _, training in Noted.seen)
    assert module.network.training


def test_where_an_image_begins_depends_on_the_epoch_alone(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = AdversarialTraining(tiny_network(), attack=PGD(steps=1), seed=4, fine_tuning=True)
    first = module.perturbed(batch)
    half = Batch(batch.images[2:], batch.labels[2:], batch.indices[2:])
    torch.testing.assert_close(module.perturbed(half), first[2:])
    monkeypatch.setattr(AdversarialTraining, "current_epoch", 1)
    assert not module.perturbed(batch).allclose(first)


@pytest.mark.parametrize("kind", [AdversarialTraining, Trades])
def test_validation_attacks_too_and_chooses_by_it(kind: type[AdversarialTraining]) -> None:
    module, data = kind(tiny_network()), shapes()
    module.test_attack = PGD(random_start=False, epsilon=0.2, step_size=0.1, steps=2)
    trainer = Trainer(**SILENT)
    trainer.validate(module, data, verbose=False)
    images = torch.stack([data.images("validation")[0, i].images for i in range(13)])
    labels = data.images("validation").labels
    changed = module.test_attack(module.network.eval(), images, labels)
    with torch.no_grad():
        robust = module.network(changed).argmax(1).eq(labels).float().mean()
    assert trainer.callback_metrics["val/robust_accuracy_top1"] == robust
    assert trainer.callback_metrics["val/score"] == robust


@pytest.mark.slow
def test_robustness_is_learnt() -> None:
    """One pixel says the class until it is attacked; all others do so afterwards too."""
    labels = torch.arange(16) % 2
    images = torch.rand(16, 3, 4, 4) * 0.02 + 0.45 + 0.1 * labels[:, None, None, None]
    images[:, 0, 0, 0] = 0.47 + 0.06 * labels
    # one step is all that a linear network needs
    attack = PGD(epsilon=0.04, step_size=0.04, steps=1, random_start=False)

    def robust(size: float) -> float:
        linear = nn.Linear(48, 2)
        # as learnt where the one pixel was enough
        weight = torch.zeros(2, 48)
        weight[:, 0] = torch.tensor([-40.0, 40.0])
        linear.load_state_dict({"weight": weight, "bias": torch.tensor([20.0, -20.0])})
        optimizer = torch.optim.Adam(linear.parameters(), lr=0.1)
        network = nn.Sequential(nn.Flatten(), linear)
        module = AdversarialTraining(network, attack=attack.scaled(size))
        for _ in range(800):
            optimizer.zero_grad()
            terms_of(module, Batch(images, labels, labels))["loss"].backward()
            optimizer.step()
        changed = attack(network, images, labels)
        return network(changed).argmax(1).eq(labels).float().mean().item()

    assert robust(0.0) == 0
    assert robust(1.0) == 1


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (AdversarialTraining, {"warmup": 1.5}, r"`warmup` must be a share of the run in \[0, 1\]"),
        (Trades, {"beta": -1.0}, "`beta` must be finite and not negative, got -1"),
    ],
)
def test_bad_arguments(kind: type[Classifier], arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(tiny_network(), **arguments)  # type: ignore[arg-type]  # each has its own
