"""Any attribution method of captum, for evaluation."""

import inspect
from dataclasses import dataclass, field
from typing import Any

import captum.attr
import torch
from torch import Tensor, nn

from interpreters.base import Explanation, Interpreter, snake_case
from interpreters.passes import check_network, explanation, for_each, logits_of, summed_map
from networks.layers import find_layer


@dataclass(frozen=True)
class Captum(Interpreter):
    """An attribution class of captum, summed over channels; its maps cannot be trained on.

    Args:
        method: Name of the class in captum.attr, such as Occlusion or LayerGradCam.
        layer: Dotted name of the layer, or "last", for the classes that explain one.
        options: Arguments of the class and of its `attribute`, by name.
    """

    method: str
    layer: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind = self._class()
        takes = {"self", "forward_func", "model"}
        takes |= {*inspect.signature(kind).parameters}
        takes |= {*inspect.signature(kind.attribute).parameters}
        if unknown := self.options.keys() - takes:
            raise ValueError(
                f"captum's {self.method} takes no {', '.join(sorted(unknown))}, only "
                f"{', '.join(sorted(takes))}"
            )
        if ("layer" in inspect.signature(kind).parameters) != (self.layer is not None):
            needs = "explains the pixels: give no" if self.layer else "explains a layer: give its"
            raise ValueError(f"captum's {self.method} {needs} `layer`")

    def __call__(self, network: nn.Module, images: Tensor, labels: Tensor) -> Explanation:
        """Captum's attributions summed over channels, shape (N, L, h, w), detached."""
        check_network(network)
        logits = logits_of(network, images)
        kind = self._class()
        constructed = inspect.signature(kind).parameters
        made = {key: value for key, value in self.options.items() if key in constructed}
        called = {key: value for key, value in self.options.items() if key not in constructed}
        if self.layer is not None:
            made["layer"] = find_layer(network, self.layer, images)
        with torch.enable_grad():
            pixels = images.detach().clone().requires_grad_()
            method = kind(network, **made)

            def attribution(label: Tensor) -> Tensor:
                return summed_map(method.attribute(pixels, target=label, **called), images)

            heatmap = for_each(self.explained(logits, labels), attribution)
        return explanation(logits, heatmap.detach())

    def _class(self) -> Any:
        kind = getattr(captum.attr, self.method, None)
        if not (inspect.isclass(kind) and issubclass(kind, captum.attr.Attribution)):
            raise ValueError(f"captum.attr has no attribution class `{self.method}`")
        return kind

    @property
    def differentiable(self) -> bool:
        """False: captum's maps carry no gradient in the weights, or a wrong one."""
        return False

    @property
    def name(self) -> str:
        """The method's name in snake case, after captum's."""
        return f"captum_{snake_case(self.method)}"
