"""The pictures of docs/interpreters.md: three images and what each interpreter shows of them."""

from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor

from datamodules import Shapes
from interpreters import (
    LRP,
    Captum,
    DeepLift,
    GradCam,
    InputXGradient,
    IntegratedGradients,
    Interpreter,
    SimpleGradient,
    SmoothGrad,
)
from networks import shapes_network

FOLDER = Path(__file__).parent / "pictures"
INTERPRETERS: list[Interpreter] = [
    SimpleGradient(),
    InputXGradient(),
    GradCam(),
    SmoothGrad(),
    IntegratedGradients(),
    DeepLift(),
    LRP(),
    Captum("Occlusion", options={"sliding_window_shapes": (3, 8, 8), "strides": (3, 4, 4)}),
]


def draw(interpreter: Interpreter, images: Tensor, heatmaps: Tensor) -> None:
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
    figure.savefig(FOLDER / f"{interpreter.name}.png", dpi=60)
    plt.close(figure)


def main() -> None:
    """Explain three images of the test split with the embedded network."""
    FOLDER.mkdir(exist_ok=True)
    data = Shapes(batch_size=3, test=3)
    data.setup("test")
    images, labels, _ = next(iter(data.test_dataloader()))
    network = shapes_network().eval()
    for interpreter in INTERPRETERS:
        with torch.no_grad():
            draw(interpreter, images, interpreter(network, images, labels).heatmap)


if __name__ == "__main__":
    main()
