"""Infidelity and max-sensitivity against captum, closed forms and a loop over images."""

from typing import Any

import pytest
import torch
from captum.metrics import infidelity, sensitivity_max
from helpers import SILENT, tiny_network
from lightning import Trainer
from torch import Tensor, nn

from attacks.balls import uniform
from datamodules import Shapes
from evaluation import Attribution, Infidelity, MaxSensitivity
from evaluation.attribution.measure import Explained, Measure
from evaluation.fills import BlackFill
from interpreters import Explanation, GradCam, InputXGradient, Interpreter, SimpleGradient
from seeds import generators

IMAGES = 3
SQUARES, NOISE = Infidelity(squares=20), MaxSensitivity(samples=4)


class Linear(nn.Sequential):
    """Logits that are sums of weighted pixels."""

    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(3 * 16 * 16, 4))


def batch_for(network: nn.Module) -> Explained:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(IMAGES, 3, 16, 16, generator=generator, dtype=torch.float64)
    indices = torch.tensor([5, 0, 9])
    without = BlackFill().without(images, indices.tolist())
    return Explained(
        network, images, torch.tensor([1, 3, 0]), indices, network(images).detach(), without
    )


def one(batch: Explained, index: int) -> Explained:
    """One image of a batch."""
    part = slice(index, index + 1)
    images, indices = batch.images[part], batch.indices[part]
    without = BlackFill().without(images, indices.tolist())
    labels, logits = batch.labels[part], batch.logits[part]
    return Explained(batch.network, images, labels, indices, logits, without)


@pytest.fixture
def batch() -> Explained:
    torch.manual_seed(0)
    return batch_for(tiny_network().double().eval())


def test_infidelity_is_captums(batch: Explained) -> None:
    # a heatmap of one channel tells of the pixel, whose values are filled together
    heatmap = GradCam()(batch.network, batch.images, batch.labels).heatmap.detach()
    heatmap = nn.functional.interpolate(heatmap, (16, 16), mode="bilinear")
    rows, columns = SQUARES.sides(batch.images, batch.indices)
    masks = (rows & columns).expand(-1, -1, 16, 16).flatten(0, 1)[:, None].expand(-1, 3, -1, -1)

    def without(images: Tensor) -> tuple[Tensor, Tensor]:
        return masks.double(), torch.where(masks, 0.0, images)

    expected = infidelity(
        batch.network,
        without,
        batch.images,
        heatmap.expand(-1, 3, -1, -1) / 3,
        target=batch.labels,
        n_perturb_samples=SQUARES.squares,
        normalize=True,
    )
    found = SQUARES.judge(batch)(GradCam(), heatmap)
    logits = batch.network(batch.images)
    without_square = torch.where(masks, 0.0, batch.images.repeat_interleave(20, 0))
    drops = logits.repeat_interleave(20, 0) - batch.network(without_square)
    squares = drops[range(60), batch.labels.repeat_interleave(20)].view(3, 20).square().mean(1)
    # captum lets the contrary count as said; where it is not, the errors are the same
    same = found < 1
    assert same.any()
    torch.testing.assert_close((found * squares)[same], expected[same])
    assert (expected[~same] <= squares[~same]).all()


def test_what_a_linear_network_does_is_its_products() -> None:
    torch.manual_seed(0)
    batch = batch_for(Linear().double())
    judge = SQUARES.judge(batch)
    weights = batch.network.get_parameter("1.weight")[batch.labels].view(IMAGES, 3, 16, 16).detach()
    products = batch.images * weights
    torch.testing.assert_close(
        judge(InputXGradient(), 7 * products), torch.zeros(IMAGES).double(), atol=1e-20, rtol=0
    )
    assert (judge(SimpleGradient(), weights) > 1e-4).all()
    # however small, and whatever the unit
    torch.testing.assert_close(
        judge(InputXGradient(), 1e-200 * products), judge(InputXGradient(), products)
    )
    ones = torch.ones(IMAGES, dtype=torch.float64)
    torch.testing.assert_close(judge(SimpleGradient(), torch.zeros_like(weights)), ones)
    torch.testing.assert_close(judge(InputXGradient(), -products), ones)


def test_the_predicted_class_is_judged_where_it_is_explained(batch: Explained) -> None:
    predicted = batch.network(batch.images).argmax(1)
    relabelled = batch._replace(labels=predicted)
    found = torch.randn_like(batch.images)
    actual = SQUARES.judge(batch)(SimpleGradient(target="prediction"), found)
    torch.testing.assert_close(actual, SQUARES.judge(relabelled)(SimpleGradient(), found))


def test_squares_are_of_every_size_and_inside() -> None:
    images = torch.zeros(4, 3, 12, 20)
    many = Infidelity(squares=400, largest=0.5)
    rows, columns = many.sides(images, torch.arange(4))
    height, width = rows.sum((2, 3)), columns.sum((2, 3))
    assert torch.equal(height, width)
    assert set(height.flatten().tolist()) == set(range(1, 7))
    assert rows.any(1).all()
    assert columns.any(1).all()


def test_max_sensitivity_is_captums(batch: Explained) -> None:
    interpreter = SimpleGradient()

    def explain(images: Any, target: Tensor) -> tuple[Tensor]:
        # captum gives a tuple at first, then a tensor, and wants a tuple each time
        images = images[0] if isinstance(images, tuple) else images
        return (interpreter(batch.network, images, target).heatmap.detach(),)

    draws = generators(batch.indices, 0)

    def noise(images: Tensor, radius: float) -> Tensor:
        return (images + radius * (2 * uniform(images, draws) - 1)).clamp(0, 1)

    # one sample at a time, which are drawn in turn
    expected = sensitivity_max(
        explain,
        batch.images,
        noise,
        perturb_radius=0.02,
        n_perturb_samples=4,
        max_examples_per_batch=IMAGES,
        target=batch.labels,
    )
    (found,) = explain(batch.images, batch.labels)
    torch.testing.assert_close(NOISE.judge(batch)(interpreter, found), expected)


def test_max_sensitivity_has_no_unit(batch: Explained) -> None:
    class Faint(SimpleGradient):
        """A heatmap of tiny values."""

        def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
            logits, heatmap = super().__call__(network, images, labels)
            return Explanation(logits, 1e-200 * heatmap)

    values = []
    for interpreter in (SimpleGradient(), Faint()):
        found = interpreter(batch.network, batch.images, batch.labels).heatmap.detach()
        values.append(NOISE.judge(batch)(interpreter, found))
    torch.testing.assert_close(*values)


def test_what_never_moves_is_not_sensitive() -> None:
    batch = batch_for(Linear().double())
    found = SimpleGradient()(batch.network, batch.images, batch.labels).heatmap.detach()
    assert torch.equal(NOISE.judge(batch)(SimpleGradient(), found), torch.zeros(IMAGES).double())


def test_the_class_explained_stays_where_noise_changes_the_prediction() -> None:
    class Torn(nn.Module):
        """Two classes that are told apart by the sign of nearly nothing."""

        def forward(self, images: Tensor) -> Tensor:
            score = (images - 0.5).flatten(1).sum(1)
            return torch.stack([score, -2 * score], 1)

    images = torch.full((1, 3, 4, 4), 0.5, dtype=torch.float64)
    without = BlackFill().without(images, [0])
    one = torch.tensor([0])
    batch = Explained(Torn(), images, one, one, Torn()(images), without)
    interpreter = SimpleGradient(target="prediction")
    found = interpreter(batch.network, images, batch.labels).heatmap.detach()
    assert NOISE.judge(batch)(interpreter, found).item() == 0


@pytest.mark.parametrize("measure", [SQUARES, NOISE])
def test_a_batch_is_its_images(batch: Explained, measure: Measure) -> None:
    interpreter = SimpleGradient()
    found = interpreter(batch.network, batch.images, batch.labels).heatmap.detach()
    whole = measure.judge(batch)(interpreter, found)
    single = [
        measure.judge(one(batch, index))(interpreter, found[index : index + 1])
        for index in range(IMAGES)
    ]
    torch.testing.assert_close(whole, torch.cat(single))


def test_the_study_has_their_means() -> None:
    torch.manual_seed(0)
    network = tiny_network().double().eval()
    interpreters: dict[str, Interpreter] = {"gradient": SimpleGradient(), "cam": GradCam()}
    measures: dict[str, Measure] = {"infidelity": SQUARES, "max_sensitivity": NOISE}
    study = Attribution(network, interpreters, measures=measures, steps=4)
    data = Shapes(train=24, validation=24, test=5, batch_size=2)
    Trainer(**SILENT, precision="64-true").test(study, data, verbose=False)
    test = data.images("test")
    for name, measure in measures.items():
        values = []
        for index in range(5):
            image, label, _ = test[0, index]
            images = image.double()[None]
            without = BlackFill().without(images, [index])
            judge = measure.judge(
                Explained(
                    network,
                    images,
                    label[None],
                    torch.tensor([index]),
                    network(images).detach(),
                    without,
                )
            )
            heatmap = SimpleGradient()(network, images, label[None]).heatmap.detach()
            values.append(judge(SimpleGradient(), heatmap))
        actual = study.results().find(name, interpreter="gradient")
        assert actual.value == pytest.approx(torch.cat(values).mean().item())
    assert study.findings().summary()[0][7:9] == ["infidelity", "max sensitivity"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Infidelity(squares=1), "`squares` must be at least 2, got 1"),
        (lambda: Infidelity(largest=1), "`largest` must be a share"),
        (lambda: MaxSensitivity(samples=0), "`samples` must be at least 1, got 0"),
        (lambda: MaxSensitivity(radius="one"), "`radius` must be a number or a fraction"),
        (
            lambda: Attribution(Linear(), {"cam": GradCam()}, measures={"passes": SQUARES}),
            "`measures` cannot be called passes",
        ),
    ],
)
def test_bad_input(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
