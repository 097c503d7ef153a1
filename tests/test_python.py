"""The functions of `import trompe`: from a network and an image file to a heatmap and an attack."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers import TinyNetwork
from matplotlib import pyplot as plt
from PIL import Image
from torch import nn

import trompe
from attacks import RandomSign
from interpreters import LRP, GradCam, SimpleGradient
from losses import TopK
from networks import save_weights, torchvision_network

MEAN, STD = [0.4, 0.5, 0.6], [0.2, 0.3, 0.2]


def network(classes: int = 5) -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten()
    return nn.Sequential(*layers, nn.Linear(8 * 12 * 12, classes))


def test_importing_is_quick() -> None:
    # nothing of it is needed to say the version, and torch alone takes seconds
    code = "import sys, trompe; print({'torch', 'matplotlib', 'timm'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_every_public_name_is_there() -> None:
    assert all(callable(getattr(trompe, name)) for name in trompe.__all__)
    assert set(trompe.__all__) == set(trompe.MODULES)
    with pytest.raises(AttributeError, match="no attribute `explian`"):
        trompe.explian  # noqa: B018


def test_a_module_is_normalised_and_in_evaluation_mode() -> None:
    module, images = network().train(), torch.rand(2, 3, 16, 16)
    loaded = trompe.load(module, mean=MEAN, std=STD, size=16, classes=["a", "b", "c", "d", "e"])
    normalised = (images - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    torch.testing.assert_close(loaded(images), module(normalised))
    assert not any(each.training for each in loaded.modules())
    assert loaded.classes == ("a", "b", "c", "d", "e")
    assert trompe.load(loaded) is loaded


def test_weights_say_the_number_of_classes(tmp_path: Path) -> None:
    made = torchvision_network("squeezenet1_1", num_classes=7)
    save_weights(made, tmp_path / "mine.safetensors")
    loaded = trompe.load("squeezenet1_1", weights=tmp_path / "mine.safetensors")
    images = torch.rand(1, 3, 64, 64)
    torch.testing.assert_close(loaded(images), made.eval()(images))
    # the names of ImageNet's classes are not theirs
    assert loaded.classes == ()


def test_names_of_both_libraries() -> None:
    assert type(trompe.load("squeezenet1_1").network).__module__.startswith("torchvision")
    assert type(trompe.load("test_resnet").network).__module__.startswith("timm")
    assert type(trompe.load("timm/resnet18", num_classes=2).network).__module__.startswith("timm")
    golden_retriever = 207
    for name in ("squeezenet1_1", "test_resnet"):
        assert trompe.load(name).classes[golden_retriever] == "golden retriever"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("resnet5", "neither torchvision nor timm has a network `resnet5`.*did you mean"),
        ("no_folder/of_a_model", "no folder|transformers"),
        (nn.Flatten(), "needs `mean` and `std`"),
    ],
)
def test_what_cannot_be_loaded(given: str | nn.Module, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trompe.load(given)
    with pytest.raises(TypeError, match="`network` is int"):
        trompe.load(3)  # type: ignore[arg-type]


def test_images_have_the_networks_size(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (90, 60), (255, 0, 51)).save(path)
    image = trompe.read(path, trompe.load(network(), mean=MEAN, std=STD, size=16))
    assert image.shape == (1, 3, 16, 16)
    torch.testing.assert_close(image[0, :, 0, 0], torch.tensor([1.0, 0.0, 0.2]))
    assert trompe.read([path, path], size=24).shape == (2, 3, 24, 24)
    assert trompe.read(path).shape == (1, 3, 224, 224)
    with pytest.raises(ValueError, match="cannot read the image"):
        trompe.read(tmp_path / "none.png")


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 40))
    picture.paste((255, 255, 255), (0, 0, 40, 20))
    turned = picture.getexif()
    turned[0x0112] = 6  # as of a camera held sideways: the file's top is the right side
    picture.save(tmp_path / "turned.jpg", exif=turned, quality=95)
    upright = trompe.read(tmp_path / "turned.jpg", size=40)[0].mean(0)
    assert upright[:, 25:].min() > 0.9
    assert upright[:, :15].max() < 0.1


@pytest.mark.parametrize("interpreter", [None, LRP(), SimpleGradient()])
def test_explained_is_what_the_interpreter_says(interpreter: SimpleGradient | None) -> None:
    model, images = network().eval(), torch.rand(3, 3, 16, 16)
    explained = trompe.explain(model, images, interpreter=interpreter)
    predicted = model(images).argmax(1)
    expected = (interpreter or GradCam())(model, images, predicted)
    torch.testing.assert_close(explained.heatmap, expected.heatmap.detach())
    torch.testing.assert_close(explained.labels, predicted)
    shares = model(images).softmax(1).amax(1)
    torch.testing.assert_close(explained.probabilities, shares.detach())
    assert explained.titles[0] == f"class {predicted[0]}, {100 * shares[0]:.1f} %"


def test_labels_and_gradients() -> None:
    model, images = network().train(), torch.rand(2, 3, 16, 16)
    explained = trompe.explain(model, images, 4, differentiable=True)
    assert explained.labels.tolist() == [4, 4]
    assert explained.heatmap.requires_grad
    assert model.training
    assert not trompe.explain(model, images, [1, 2]).heatmap.requires_grad
    with pytest.raises(ValueError, match="out of bounds"):
        trompe.explain(model, images, 5)


def test_one_logit() -> None:
    model, images = network(1).eval(), torch.rand(2, 3, 16, 16)
    explained = trompe.explain(model, images)
    torch.testing.assert_close(explained.labels, (model(images)[:, 0] > 0).long())
    assert (explained.probabilities >= 0.5).all()


def test_an_attack_keeps_the_prediction_and_moves_the_heatmap() -> None:
    model, images = network().eval(), torch.rand(2, 3, 16, 16)
    attacked = trompe.attack(model, images, interpreter=SimpleGradient(), epsilon=0.1)
    assert (attacked.images - images).abs().max() <= 0.1 + 1e-6
    torch.testing.assert_close(model(attacked.images).argmax(1), model(images).argmax(1))
    torch.testing.assert_close(
        attacked.after.heatmap,
        trompe.explain(model, attacked.images, interpreter=SimpleGradient()).heatmap,
    )
    noise = trompe.attack(
        model, images, interpreter=SimpleGradient(), epsilon=0.1, method=RandomSign()
    )
    assert (attacked.top_k_intersection < noise.top_k_intersection).all()
    assert (attacked.rank_correlation <= 1).all()


def test_a_network_without_relu_is_attacked() -> None:
    attacked = trompe.attack(TinyNetwork(activation=nn.GELU).float(), torch.rand(1, 3, 16, 16))
    assert (attacked.images != attacked.before.images).any()


def test_fooling_success_rate() -> None:
    inside, frame = torch.zeros(2, 1, 1, 14, 14)
    inside[..., 5:9, 5:9] = 1
    frame[..., 0, :] = frame[..., -1, :] = frame[..., :2] = frame[..., -2:] = 1
    assert trompe.fooling_success_rate(torch.cat([inside, frame, frame, frame])) == 0.75
    assert trompe.fooling_success_rate(frame, inside, TopK()) == 1
    with pytest.raises(ValueError, match="give `reference`"):
        trompe.fooling_success_rate(frame, loss=TopK())


def test_pictures() -> None:
    model, images = network().eval(), torch.rand(2, 3, 16, 16)
    first, second = (
        trompe.explain(model, images, interpreter=each) for each in (GradCam(), SimpleGradient())
    )
    figure = trompe.show(first, second)
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert titles == [text for row in first.titles for text in (row, "grad cam", "simple gradient")]
    _, axis = plt.subplots()
    assert trompe.show(second, ax=axis) is axis.figure
    assert len(axis.images) == 2
    attacked = trompe.attack(model, images, method=RandomSign())
    assert len(trompe.show_attack(attacked).axes) == 2 * 7
    plt.close("all")


def test_names_of_the_classes_fit_the_logits() -> None:
    loaded = trompe.load(network(), mean=MEAN, std=STD, size=16, classes=["cat", "dog"])
    with pytest.raises(ValueError, match="the network has 5 classes and `classes` 2 names"):
        trompe.explain(loaded, torch.rand(1, 3, 16, 16))


def test_the_most_likely_other_class_than_the_prediction() -> None:
    model, images = network().eval(), torch.rand(3, 3, 16, 16)
    other = SimpleGradient(target="other")
    explained = trompe.explain(model, images, interpreter=other)
    torch.testing.assert_close(explained.labels, model(images).topk(2, 1).indices[:, 1])
    # the prediction is what the attack keeps
    attacked = trompe.attack(model, images, interpreter=other, steps=3)
    assert (attacked.images != images).flatten(1).any(1).all()
    torch.testing.assert_close(attacked.after.predictions, explained.predictions)
