"""Captum's classes as interpreters for evaluation."""

import captum.attr
import pytest
import torch
from torch import Tensor, nn

from interpreters import Captum, GradCam, SimpleGradient, SmoothGrad
from lightning_modules import PassiveFooling
from losses import Location


def test_a_class_at_the_pixels(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    logits, heatmap = Captum("Saliency")(network, images, labels)
    expected = SimpleGradient()(network, images, labels)
    torch.testing.assert_close(logits, expected.logits)
    torch.testing.assert_close(heatmap, expected.heatmap.detach())
    assert not heatmap.requires_grad


def test_the_attribution_of_every_value(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    signed = Captum("Saliency", options={"abs": False})
    found = signed.attribution(network, images, labels)
    expected = captum.attr.Saliency(network).attribute(images, target=labels, abs=False)
    torch.testing.assert_close(found, expected.detach())
    assert not found.requires_grad


def test_options_of_the_class_and_of_the_call(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    options = {"multiply_by_inputs": False, "n_steps": 3}
    heatmap = Captum("IntegratedGradients", options=options)(network, images, labels).heatmap
    theirs = captum.attr.IntegratedGradients(network, multiply_by_inputs=False)
    expected = theirs.attribute(images, target=labels, n_steps=3).sum(1, keepdim=True)
    torch.testing.assert_close(heatmap, expected.detach())


def test_a_class_at_a_layer(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    options = {"relu_attributions": True}
    actual = Captum("LayerGradCam", "last", options)(network, images, labels).heatmap
    expected = GradCam()(network, images, labels).heatmap
    torch.testing.assert_close(actual, expected.detach())


def test_options_as_a_configuration_has_them(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    """Lists for tuples, as of YAML, and a number for an image."""
    options = {"sliding_window_shapes": [3, 2, 2], "strides": [3, 2, 2], "baselines": 0.5}
    heatmap = Captum("Occlusion", options=options)(network, images, labels).heatmap
    expected = captum.attr.Occlusion(network).attribute(
        images,
        target=labels,
        sliding_window_shapes=(3, 2, 2),
        strides=(3, 2, 2),
        baselines=torch.full_like(images, 0.5),
    )
    torch.testing.assert_close(heatmap, expected.sum(1, keepdim=True).to(heatmap))
    shap = Captum("GradientShap", options={"baselines": 0.5, "n_samples": 2})
    assert shap(network, images, labels).heatmap.shape == heatmap.shape


def test_what_captum_cannot_explain_is_said_by_name(
    network: nn.Module, images: Tensor, labels: Tensor
) -> None:
    with pytest.raises(ValueError, match="captum's LRP cannot explain this network"):
        Captum("LRP")(network, images, labels)
    with pytest.raises(ValueError, match="captum's Occlusion cannot explain this network"):
        Captum("Occlusion", options={"sliding_window_shapes": [3, 2]})(network, images, labels)


def test_without_grad_mode(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    expected = Captum("DeepLift")(network, images, labels).heatmap
    with torch.no_grad():
        torch.testing.assert_close(Captum("DeepLift")(network, images, labels).heatmap, expected)


def test_name() -> None:
    assert Captum("InputXGradient").name == "captum_input_x_gradient"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "Nonsense"}, "captum.attr has no attribution class `Nonsense`"),
        ({"method": "GradientAttribution"}, "no attribution class `GradientAttribution`"),
        ({"method": "NoiseTunnel"}, "captum's NoiseTunnel explains no class of an image"),
        ({"method": "NeuronGradient", "layer": "last"}, "explains no class of an image"),
        ({"method": "Occlusion"}, "captum's Occlusion needs sliding_window_shapes; give it"),
        ({"method": "GradientShap"}, "captum's GradientShap needs baselines"),
        ({"method": "visualization"}, "no attribution class `visualization`"),
        (
            {"method": "Saliency", "options": {"steps": 3}},
            "captum's Saliency takes no steps, only abs",
        ),
        ({"method": "LayerGradCam"}, "LayerGradCam explains a layer: give its `layer`"),
        (
            {"method": "Saliency", "layer": "last"},
            "Saliency explains the pixels: give no `layer`",
        ),
    ],
)
def test_refusals(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Captum(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "interpreter", [Captum("Saliency"), SmoothGrad(Captum("Saliency"))], ids=repr
)
def test_no_network_can_learn_from_it(interpreter: Captum, network: nn.Module) -> None:
    with pytest.raises(ValueError, match="have no gradient in the weights"):
        PassiveFooling(network, interpreter, Location())
    watching = PassiveFooling(network, GradCam(), Location(), watch={"captum": interpreter})
    assert "captum" in watching.interpreters
