"""Draw the pictures of docs/: images of Shapes with their heatmaps, before and after an attack."""

from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor

import trompe
from attacks import MassCenterAttack
from benchmarks.shipped import INTERPRETERS
from datamodules import Shapes
from interpreters import LRP, GradCam, IntegratedGradients, SimpleGradient
from networks import shapes_network

FOLDER = Path(__file__).parent / "pictures"
NAMES = """
simple_gradient input_x_gradient grad_cam smooth_grad integrated_gradients deep_lift lrp
captum_occlusion
""".split()


def draw(name: str, images: Tensor, heatmaps: Tensor) -> None:
    """One row for the images and one for their heatmaps, written to the folder."""
    figure, axes = plt.subplots(2, len(images), figsize=(2 * len(images), 4))
    for column, (image, heatmap) in enumerate(zip(images, heatmaps, strict=True)):
        axes[0, column].imshow(image.permute(1, 2, 0))
        large = F.interpolate(heatmap[None], image.shape[1:], mode="bilinear")[0, 0]
        limit = float(large.abs().quantile(0.995))
        axes[1, column].imshow(large, "bwr", vmin=-limit, vmax=limit)
    for axis in axes.flat:
        axis.set_axis_off()
    figure.tight_layout(pad=0.3)
    figure.savefig(FOLDER / f"{name}.png", dpi=60)
    plt.close(figure)


def draw_overlays() -> None:
    """Draw three images with heatmaps over them, and the same before and after an attack."""
    data = Shapes(test=12)
    network = trompe.load(shapes_network(), classes=data.classes)
    images = torch.stack([data.images("test")[0, number].images for number in (4, 6, 8)])
    methods = [GradCam(), SimpleGradient(), IntegratedGradients(), LRP()]
    explained = [trompe.explain(network, images, interpreter=each) for each in methods]
    trompe.show(*explained).savefig(FOLDER / "explained.png", dpi=75)
    attack = MassCenterAttack(epsilon="8/255", steps=30, step_size="1/255", beta=10.0)
    attacked = trompe.attack(network, images, interpreter=SimpleGradient(), method=attack)
    trompe.show_attack(attacked).savefig(FOLDER / "attacked_shapes.png", dpi=75)
    plt.close("all")


def main() -> None:
    """Explain three images of the test split with the embedded network."""
    FOLDER.mkdir(exist_ok=True)
    data = Shapes(batch_size=3, test=3)
    data.setup("test")
    images, labels, _ = next(iter(data.test_dataloader()))
    network = shapes_network().eval()
    for name in NAMES:
        with torch.no_grad():
            draw(name, images, INTERPRETERS[name](network, images, labels).heatmap)
    draw_overlays()


if __name__ == "__main__":
    main()
