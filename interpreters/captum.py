"""Attribution methods of captum, for evaluation."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import captum.attr
import torch
from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter, snake_case
from interpreters.branches import check_branches
from interpreters.explainable import check_explainable
from interpreters.forward import logits_of
from interpreters.passes import explanation, for_each, summed_map
from networks.layers import find_layer
from networks.logits import read_logits
from networks.plain import plain
from networks.unsupported import UnsupportedError

Parameters = Mapping[str, inspect.Parameter]
# arguments that every call gives, and those that some classes pass on
GIVEN = {"forward_func", "model", "layer", "self", "inputs", "target", "kwargs"}
# captum has no error of its own for what it does not support
CAPTUM_ERRORS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True)
class Captum(Interpreter):
    """Attribution class of captum, summed over channels; its heatmaps cannot be trained on.

    Args:
        method: Name of the class in captum.attr, such as Occlusion or LayerGradCam.
        layer: Dotted name of the layer, or "last", for the classes that explain one.
        options: Arguments of the class and of its `attribute`, by name; a number as `baselines`
            is an image of it.

    Raises: ValueError: captum has no such class or option.

    Example:
        >>> from torch import nn, rand, tensor
        >>> network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
        >>> Captum("InputXGradient")(network, rand(1, 3, 8, 8), tensor([0])).heatmap.shape
        torch.Size([1, 1, 8, 8])
    """

    method: str = "Saliency"
    layer: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        made, called = self._parameters()
        if "target" not in called:
            raise ValueError(
                f"captum's {self.method} explains no class of an image, expected a class of "
                "captum.attr whose `attribute` takes a target; choose another `method`"
            )
        takes = {*made, *called} - GIVEN
        if unknown := self.options.keys() - takes:
            raise ValueError(
                f"captum's {self.method} takes no {', '.join(sorted(unknown))}, only "
                f"{', '.join(sorted(takes))}; correct `options`"
            )
        parameters = [*made.values(), *called.values()]
        needed = {each.name for each in parameters if each.default is inspect.Parameter.empty}
        if missing := needed - GIVEN - self.options.keys():
            raise ValueError(
                f"captum's {self.method} needs {', '.join(sorted(missing))}; give it in `options`"
            )
        if ("layer" in made) != (self.layer is not None):
            needs = "explains the pixels: give no" if self.layer else "explains a layer: give its"
            raise ValueError(f"captum's {self.method} {needs} `layer`")

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Return captum's attributions summed over channels, shape (N, L, h, w), detached."""
        self._check(network, images)
        logits = logits_of(network, images)
        with torch.enable_grad():
            attributed = self._attributed(network, images)
            classes = self.explained(logits, labels)
            heatmap = for_each(
                classes, lambda label: summed_map(attributed(label), network, images)
            )
        return explanation(logits, heatmap.detach())

    def attribution(self, network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
        """Return signed attributions (N, 3, H, W) to the labels (N,); of a layer, the heatmap."""
        if not self.by_channel:
            return super().attribution(network, images, labels)
        self._check(network, images)
        with torch.enable_grad():
            return self._attributed(network, images)(labels).detach()

    def _check(self, network: nn.Module, images: Tensor) -> None:
        """Raise UnsupportedError unless the class can explain the network."""
        check_explainable(network, images)
        if issubclass(self._class(), captum.attr.GradientAttribution):
            check_branches(network, images, self.layer)

    def _attributed(self, network: nn.Module, images: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the function from labels (N,) to captum's own attributions."""
        constructed, _ = self._parameters()
        # captum takes tuples; a configuration has lists
        options = {key: tupled(value) for key, value in self.options.items()}
        if isinstance(options.get("baselines"), int | float):
            options["baselines"] = torch.full_like(images, options["baselines"])
        made = {key: value for key, value in options.items() if key in constructed}
        called = {key: value for key, value in options.items() if key not in constructed}
        if self.layer is not None:
            made["layer"] = find_layer(network, self.layer, images)
        pixels = images.detach().clone().requires_grad_()
        with self._captum_errors():
            method = self._class()(_Logits(network), **made)

        def attributed(label: Tensor) -> Tensor:
            with self._captum_errors(), plain(network):
                found = method.attribute(pixels, target=label, **called)
            if not isinstance(found, Tensor):
                raise UnsupportedError(
                    f"captum's {self.method} returns {type(found).__name__}, expected a tensor; "
                    "choose a layer that returns one"
                )
            return found

        return attributed

    def _parameters(self) -> tuple[Parameters, Parameters]:
        """Return the parameters of the class and of its `attribute`."""
        kind = self._class()
        return inspect.signature(kind).parameters, inspect.signature(kind.attribute).parameters

    @contextmanager
    def _captum_errors(self) -> Iterator[None]:
        """Raise UnsupportedError where captum's own code fails."""
        try:
            yield
        except (torch.OutOfMemoryError, torch.AcceleratorError):
            raise
        except CAPTUM_ERRORS as error:
            raise UnsupportedError(
                f"captum's {self.method} cannot explain this network with these `options`: {error}"
            ) from error

    def _class(self) -> Any:
        kind = getattr(captum.attr, self.method, None)
        attributes = inspect.isclass(kind) and issubclass(kind, captum.attr.Attribution)
        if not (attributes and hasattr(kind, "attribute")):
            raise ValueError(
                f"captum.attr has no attribution class `{self.method}`; choose one such as "
                "Occlusion or LayerGradCam"
            )
        return kind

    @property
    def by_channel(self) -> bool:
        """True if the pixels are explained, not a layer."""
        return self.layer is None

    @property
    def differentiable(self) -> bool:
        """False: captum's heatmaps have no gradient in the weights, or a wrong one."""
        return False

    @property
    def name(self) -> str:
        """Name of captum's class in snake case, after `captum_`."""
        return f"captum_{snake_case(self.method)}"


class _Logits(nn.Module):
    """A network that returns its logits as a tensor, and -z and z in place of one logit z."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.training = network.training

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, K) of images (N, C, H, W), at least two."""
        logits = read_logits(self.network(images))
        return torch.cat([-logits, logits], 1) if logits.shape[1] == 1 else logits


def tupled(value: Any) -> Any:
    """Return nested lists as tuples."""
    return tuple(map(tupled, value)) if isinstance(value, list | tuple) else value
