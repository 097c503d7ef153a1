"""Training by cross-entropy, and the checks before it."""

from pathlib import Path

import pytest
import torch
from helpers import PREPROCESSING, SILENT, shapes, tiny_network
from lightning import Trainer
from torch import Tensor, nn

from lightning_modules import Classifier, OneCycle
from lightning_modules.preflight import NetworkError, check_classifier
from networks import NormalizedNetwork, timm_network
from networks.zero_shot import ZeroShot


def test_accuracy_is_that_of_a_plain_loop() -> None:
    module, data = Classifier(tiny_network()), shapes()
    trainer = Trainer(**SILENT)
    trainer.validate(module, data, verbose=False)
    images = torch.stack([data.images("validation")[0, i].images for i in range(13)])
    labels = data.images("validation").labels
    with torch.no_grad():
        ranks = module.network.eval()(images).argsort(1, descending=True)
    top1 = (ranks[:, 0] == labels).double().mean()
    top5 = (ranks[:, :5] == labels[:, None]).any(1).double().mean()
    assert trainer.callback_metrics["val/accuracy_top1"].item() == pytest.approx(top1.item())
    assert trainer.callback_metrics["val/accuracy_top5"].item() == pytest.approx(top5.item())


def test_loss_falls() -> None:
    torch.manual_seed(0)
    module, data = Classifier(tiny_network(), lambda p: torch.optim.Adam(p, lr=0.01)), shapes()
    trainer = Trainer(**SILENT, max_epochs=1)
    trainer.fit(module, data)
    first = trainer.callback_metrics["val/cross_entropy"].item()
    trainer.fit_loop.max_epochs = 8
    trainer.fit(module, data)
    assert trainer.callback_metrics["train/loss"].item() < first


@pytest.mark.parametrize("fine_tuning", [True, False])
def test_fine_tuning_keeps_the_statistics(fine_tuning: bool) -> None:
    network = tiny_network()
    before = {k: v.clone() for k, v in network.named_buffers()}
    Trainer(**SILENT, max_epochs=1).fit(Classifier(network, fine_tuning=fine_tuning), shapes())
    same = all(value.equal(before[name]) for name, value in network.named_buffers())
    assert same == fine_tuning


def test_one_cycle_peaks_at_the_optimisers_rate_and_ends_at_nothing() -> None:
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.5)
    scheduler = OneCycle(warmup=0.25)(optimizer, 40)
    rates = []
    for _ in range(40):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step() if len(rates) < 40 else None
    assert max(rates) == pytest.approx(0.5)
    assert rates.index(max(rates)) in (9, 10)
    assert rates[-1] < 1e-4


def test_one_cycle_refuses_a_warmup_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"`warmup` must be in \(0, 1\), got 1.5"):
        OneCycle(warmup=1.5)


def test_too_few_logits() -> None:
    with pytest.raises(NetworkError, match="the data has 12 classes and the network 4"):
        check_classifier(tiny_network(4), shapes())


def test_a_network_that_names_its_classes() -> None:
    encoder, data = tiny_network(5), shapes()
    texts = torch.rand(12, 5)

    def named(*classes: str) -> NormalizedNetwork:
        return NormalizedNetwork(ZeroShot(encoder.network, texts, classes), encoder.preprocessing)

    assert check_classifier(named(*data.classes), data) == 12
    with pytest.raises(NetworkError, match=f"2 is `spoon` .* `{data.classes[2]}` in the data"):
        check_classifier(named(*data.classes[:2], "spoon", *data.classes[3:]), data)


@pytest.mark.parametrize("classes", [12, ["a", "b"], nn.Linear(2, 2)], ids=repr)
def test_classes_of_another_network_are_its_own_matter(classes: object) -> None:
    network = tiny_network(12)
    vars(network.network)["classes"] = classes
    assert check_classifier(network, shapes()) == 12


def test_a_network_of_another_size() -> None:
    network = timm_network("vit_tiny_patch16_224", num_classes=12, options={"depth": 1})
    with pytest.raises(
        NetworkError, match=r"cannot classify images of 64x64 pixels: .* made for another size"
    ):
        check_classifier(network, shapes())


def test_a_schedule_does_not_go_on_for_longer(tmp_path: Path) -> None:
    def trained(epochs: int, checkpoint: Path | None = None) -> Trainer:
        trainer = Trainer(**SILENT, max_epochs=epochs)
        module = Classifier(tiny_network(), schedule=OneCycle())
        trainer.fit(module, shapes(), ckpt_path=checkpoint, weights_only=True)
        return trainer

    trained(1).save_checkpoint(tmp_path / "last.ckpt")
    with pytest.raises(ValueError, match=r"follows a schedule of \d+ steps, and the run now has"):
        trained(2, tmp_path / "last.ckpt")


def test_a_network_of_other_channels() -> None:
    network = timm_network("test_resnet", num_classes=12, options={"in_chans": 1})
    with pytest.raises(NetworkError, match=r"cannot classify .* the data have 3 channels"):
        check_classifier(network, shapes())
    data = shapes()
    data.channels = 1
    assert check_classifier(network, data) == 12
    # one channel would broadcast to three
    message = r"images have 1 channels and the network takes 3: set `options: {in_chans: 1}`"
    with pytest.raises(NetworkError, match=message):
        check_classifier(tiny_network(12), data)


@pytest.mark.parametrize(
    ("last", "name"), [(nn.Softmax(1), "softmax"), (nn.LogSoftmax(1), "log-softmax")]
)
def test_probabilities_are_refused(last: nn.Module, name: str) -> None:
    with pytest.raises(NetworkError, match=f"the network ends in {name}, expected logits"):
        check_classifier(nn.Sequential(tiny_network(), last), shapes())


def test_an_output_without_a_tensor_is_refused_with_what_reads_it() -> None:
    class Packed(nn.Module):
        def forward(self, images: Tensor) -> dict[str, Tensor]:
            return {"logits": images.flatten(1)[:, :12]}

    with pytest.raises(NetworkError, match=r"returns dict, .* wrap it in networks.Normalized"):
        check_classifier(Packed(), shapes())
    assert check_classifier(NormalizedNetwork(Packed(), PREPROCESSING), shapes()) == 12


def test_check_leaves_the_mode_alone() -> None:
    network = tiny_network().train()
    before = {k: v.clone() for k, v in network.named_buffers()}
    check_classifier(network, shapes())
    assert network.training
    assert all(value.equal(before[name]) for name, value in network.named_buffers())
