"""Every interpreter on one network of each family of timm and torchvision, as a table.

Each cell is a heatmap and the gradient in the weights of cross-entropy and its Location penalty:
`ok` where both are finite, `refused` where a named error says why not, and `failed` for anything
else. Captum explains and does not train.
"""

import argparse
from collections import Counter
from pathlib import Path

import timm
import torch
import torch.nn.functional as F
import torchvision
from rich.console import Console
from torch import Tensor, nn

from benchmarks.shipped import SMALL
from interpreters import Interpreter, UnsupportedError
from losses import location
from networks import timm_network, torchvision_network
from networks.last_map import LayerError, last_map
from networks.normalized import bare

TIMM = """
resnet10t resnext26ts seresnext26ts skresnet18 ecaresnet26t resnest14d res2net50_14w_8s
resnetv2_50 densenet121 vgg11 vgg11_bn inception_v3 xception41 dla46_c dpn48b hrnet_w18_small
selecsls42 cspresnet50 darknet17 cs3darknet_focus_s gernet_s repvgg_a0 mobileone_s0 regnetx_002
regnety_002 rexnet_100 nf_regnet_b0 test_nfnet ese_vovnet19b_dw tresnet_m rdnet_tiny
efficientnet_b0 tf_efficientnetv2_b0 mobilenetv2_050 mobilenetv3_small_050 mobilenetv4_conv_small
mnasnet_small ghostnet_050 ghostnetv2_100 hardcorenas_a lcnet_035 tinynet_e fbnetc_100
convnext_atto convnextv2_atto edgenext_xx_small fastvit_t8 repvit_m0_9 starnet_s1 hgnetv2_b0
inception_next_atto mambaout_femto poolformer_s12 convformer_s18 caformer_s18 efficientformer_l1
efficientvit_b0 levit_128s mobilevit_xxs nextvit_small vit_tiny_patch16_224 deit_tiny_patch16_224
cait_xxs24_224 xcit_nano_12_p16_224 pit_ti_224 pvt_v2_b0 swin_tiny_patch4_window7_224
twins_pcpvt_small coat_tiny maxvit_rmlp_pico_rw_256 gcvit_xxtiny davit_tiny focalnet_tiny_srf
nest_tiny visformer_tiny convit_tiny mixer_s32_224 resmlp_12_224 gmlp_ti16_224
""".split()
TORCHVISION = """
alexnet vgg11_bn resnet18 resnext50_32x4d squeezenet1_1 densenet121 googlenet shufflenet_v2_x0_5
mobilenet_v2 mobilenet_v3_small mnasnet0_5 efficientnet_b0 regnet_y_400mf convnext_tiny vit_b_32
swin_t maxvit_t
""".split()
NAMES = """
simple_gradient input_x_gradient grad_cam smooth_grad integrated_gradients deep_lift lrp lrp_last
""".split()
INTERPRETERS = {name: SMALL[name] for name in [*NAMES, "lrp, heo", "captum_saliency"]}


# 96 pixels are too few for some, or leave a last map of one place
SIZES = {"inception_v3": 224, "alexnet": 224, "selecsls42": 224, "vit_b_32": 224, "maxvit_t": 224}


def build(library: str, name: str) -> tuple[nn.Module, int]:
    """A network of 10 classes, and the side of images for it: 96 pixels where it may choose."""
    make = torchvision_network if library == "torchvision" else timm_network
    network, size = make(name, num_classes=10), SIZES.get(name, 96)
    if getattr(bare(network), "pretrained_cfg", {}).get("fixed_input_size"):
        size = network.preprocessing.size
    for weight in network.parameters():
        if not weight.any():  # a head of zeros, as some begin with, depends on nothing
            nn.init.normal_(weight, std=0.02)
    return network.eval(), size


def outcome(interpreter: Interpreter, network: nn.Module, images: Tensor, labels: Tensor) -> str:
    """`ok`, or why there is no heatmap to train on."""
    network.zero_grad()
    try:
        logits, heatmap = interpreter(network, images, labels)
        if interpreter.differentiable:
            penalty = location(heatmap, margin=1 / 7).mean()
            (F.cross_entropy(logits, labels) + penalty).backward()
    except UnsupportedError as refusal:
        return f"refused: {refusal}"
    except Exception as error:  # a sweep goes on, whatever one network does
        return f"failed: {type(error).__name__}: {error}".split("\n")[0]
    found = [weight.grad for weight in network.parameters() if weight.grad is not None]
    if interpreter.differentiable and not any(bool(gradient.any()) for gradient in found):
        return "failed: without a gradient"
    finite = all(bool(each.isfinite().all()) for each in (heatmap, *found))
    return "ok" if finite else "failed: not finite"


def table(rows: list[tuple[str, str, dict[str, str]]]) -> str:
    """The outcomes as Markdown, with the reasons of refusals and failures below."""
    lines = [f"| network | last | {' | '.join(INTERPRETERS)} |"]
    lines.append("|---" * (len(INTERPRETERS) + 2) + "|")
    reasons: dict[str, int] = {}
    for name, last, outcomes in rows:
        cells = []
        for text in outcomes.values():
            kind, _, reason = text.partition(": ")
            number = f" {reasons.setdefault(reason, len(reasons) + 1)}" if reason else ""
            cells.append(kind + number)
        lines.append(f"| {name} | {last} | {' | '.join(cells)} |")
    notes = [f"{number}. {reason}" for reason, number in reasons.items()]
    return "\n".join([*lines, "", *notes, ""])


def main() -> None:
    """Try all, writing the table after each, and print how many interpreters each has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("docs/coverage.md"))
    parser.add_argument("--only", nargs="*", help="names of networks to try")
    options = parser.parse_args()
    torch.manual_seed(0)
    names = [("torchvision", name) for name in TORCHVISION] + [("timm", name) for name in TIMM]
    if options.only:
        names = [(library, name) for library, name in names if name in options.only]
    libraries = (torch, torchvision, timm)
    versions = ", ".join(f"{library.__name__} {library.__version__}" for library in libraries)
    sizes = ", ".join(f"{name} at {size}" for name, size in SIZES.items())
    heading = "# Which interpreter explains which network\n\n"
    heading += f"Written by `python -m benchmarks.coverage` ({versions}), on images of 96 pixels\n"
    heading += f"where the network does not fix its size ({sizes}).\n\n"
    options.output.parent.mkdir(exist_ok=True)
    rows = []
    for number, (library, name) in enumerate(names, 1):
        last, outcomes = tried(library, name)
        rows.append((f"{library} {name}", last, outcomes))
        options.output.write_text(heading + table(rows))
        counts = Counter(text.partition(":")[0] for text in outcomes.values())
        found = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        Console().print(f"{number} of {len(names)}: {library} {name}: {found}")
    for key in INTERPRETERS:
        counts = Counter(outcomes[key].partition(":")[0] for _, _, outcomes in rows)
        Console().print(f"{key}: {', '.join(f'{count} {kind}' for kind, count in counts.items())}")


def tried(library: str, name: str) -> tuple[str, dict[str, str]]:
    """The last layer of a network, and what each interpreter makes of it."""
    network, size = build(library, name)
    images, labels = torch.rand(2, 3, size, size), torch.tensor([3, 7])
    try:
        last = f"`{last_map(network, images[:1])}`"
    except LayerError:
        last = ""
    return last, {
        key: outcome(interpreter, network, images, labels)
        for key, interpreter in INTERPRETERS.items()
    }


if __name__ == "__main__":
    main()
