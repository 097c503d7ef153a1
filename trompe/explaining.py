"""Heatmaps of images, with the classes that they explain."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from binary import two_logits
from interpreters import GradCam, Interpreter
from labels import one_label_each
from networks import class_logits, evaluating


@dataclass(frozen=True)
class Explained:
    """Images, a network's logits, and a heatmap for one class of each image.

    Args:
        images: shape (N, C, H, W), in [0, 1].
        logits: shape (N, K).
        labels: the class that is explained, shape (N,).
        heatmap: shape (N, 1, h, w), any range.
        interpreter: name of the interpreter.
        classes: names of the classes, or none.
    """

    images: Tensor
    logits: Tensor
    labels: Tensor
    heatmap: Tensor
    interpreter: str
    classes: tuple[str, ...] = ()

    @property
    def probabilities(self) -> Tensor:
        """Probability of the explained class, shape (N,)."""
        return two_logits(self.logits).softmax(1).gather(1, self.labels[:, None])[:, 0]

    @property
    def predictions(self) -> Tensor:
        """Predicted class of each image, shape (N,)."""
        return two_logits(self.logits).argmax(1)

    @property
    def titles(self) -> list[str]:
        """Name and probability of each image's explained class, such as "tabby, 93.1 %"."""
        pairs = zip(self.labels.tolist(), self.probabilities.tolist(), strict=True)
        return [f"{self.class_name(label)}, {100 * share:.1f} %" for label, share in pairs]

    def class_name(self, label: int) -> str:
        """Return a class's name, of several the first, or its number where none is known."""
        return self.classes[label].split(",")[0] if self.classes else f"class {label}"


def explain(
    network: nn.Module,
    images: Tensor,
    labels: Tensor | Sequence[int] | int | None = None,
    interpreter: Interpreter | None = None,
    *,
    differentiable: bool = False,
) -> Explained:
    """Return a heatmap of each image, by default Grad-CAM of the class that the network predicts.

    Args:
        network: From images in [0, 1] to logits (N, K); explained in evaluation mode.
        images: shape (N, C, H, W), in [0, 1], on any device.
        labels: The class to explain, one for each image or one for all; the predictions if not
            given.
        interpreter: One of `trompe.interpreters`; GradCam() if not given.
        differentiable: Keep the gradient in the network's weights and in the images.

    Raises: UnsupportedError: the interpreter cannot explain the network.

    Example:
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 2))
        >>> explain(network, torch.rand(1, 3, 8, 8)).heatmap.shape
        torch.Size([1, 1, 6, 6])
    """
    interpreter = GradCam() if interpreter is None else interpreter
    images = images.to(next(network.parameters(), images).device)
    with evaluating(network), torch.set_grad_enabled(differentiable):
        if labels is None and interpreter.target == "other":
            with torch.no_grad():
                labels = class_logits(network(images)).argmax(1)
        elif labels is None:
            # needs no pass of its own
            interpreter, labels = replace(interpreter, target="prediction"), 0
        given = of_each_image(labels, images)
        logits, heatmap = interpreter(network, images, given)
    count = two_logits(logits).shape[1]
    one_label_each(given, len(images), count)
    explained = interpreter.explained(logits.detach(), given)[:, 0]
    classes = getattr(network, "classes", ())
    if classes and len(classes) != count:
        raise ValueError(
            f"the network has {count} classes and `classes` {len(classes)} names; give one for "
            "each logit, in their order"
        )
    return Explained(images, logits, explained, heatmap, interpreter.name, classes)


def of_each_image(labels: Tensor | Sequence[int] | int, images: Tensor) -> Tensor:
    """Return one label for all images, or one of each, as a tensor (N,) on their device."""
    given = torch.as_tensor(labels, device=images.device)
    return given.expand(len(images)) if given.ndim == 0 else given


def joined(explained: Sequence[Explained], interpreter: str) -> Explained:
    """Return several explanations of one network as one, under this name of the interpreter."""
    return Explained(
        torch.cat([each.images for each in explained]),
        torch.cat([each.logits for each in explained]),
        torch.cat([each.labels for each in explained]),
        torch.cat([each.heatmap for each in explained]),
        interpreter,
        explained[0].classes,
    )
