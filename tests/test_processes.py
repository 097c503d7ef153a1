"""Two processes give what one gives."""

import json
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import tiny_network
from PIL import Image
from processes import run
from safetensors.torch import load_file
from torchvision.transforms.functional import pil_to_tensor

import evaluate
import train
from networks import save_weights

# Lightning starts the second process itself, but where a cluster has given each a rank
TWO = ["--trainer.devices", "2", "--trainer.strategy", "ddp"]
QUIET = ["--trainer.enable_progress_bar", "false", "--trainer.accelerator", "cpu"]

EVERY = (
    "grad_cam",
    "simple_gradient",
    "input_x_gradient",
    "smooth_grad",
    "integrated_gradients",
    "deep_lift",
    "lrp",
    "lrp_last",
)


def test_a_fooling_step_has_the_gradients_of_the_whole_batch(tmp_path: Path) -> None:
    """One step of plain gradient descent with rate 1: the weights differ by the gradient."""
    interpreters = ", ".join(f"{name}: configs/interpreters/{name}.yaml" for name in EVERY)
    arguments = shlex.split("""
        fit --config configs/experiments/shapes/fool.yaml --trainer.max_epochs 1
        --trainer.precision 64-true --trainer.enable_model_summary false
        --model.init_args.network helpers.tiny_network --model.init_args.schedule null
        --model.init_args.max_accuracy_drop 100
        --model.init_args.optimizer torch.optim.SGD --model.init_args.optimizer.init_args.lr 1
        --data.init_args.train 8 --data.init_args.validation 5 --data.init_args.test 2
    """)
    arguments += QUIET
    arguments += ["--model.init_args.watch={}", f"--model.init_args.interpreter={{{interpreters}}}"]
    train.main([*arguments, "--run", str(tmp_path / "one"), "--data.init_args.batch_size", "8"])
    run(
        "train.py",
        *arguments,
        "--run",
        str(tmp_path / "two"),
        "--data.init_args.batch_size",
        "4",
        *TWO,
    )
    check_weights(tmp_path)


def test_a_step_of_active_fooling_has_the_gradients_of_both_whole_batches(tmp_path: Path) -> None:
    arguments = shlex.split("""
        fit --config configs/experiments/shapes/grad_cam_active.yaml --trainer.max_epochs 1
        --trainer.precision 64-true --trainer.enable_model_summary false
        --model.init_args.network helpers.tiny_network --model.init_args.schedule null
        --model.init_args.max_accuracy_drop 100
        --model.init_args.optimizer torch.optim.SGD --model.init_args.optimizer.init_args.lr 1
        --data.init_args.train 4 --data.init_args.test 3
        --data.init_args.data.init_args.train 24 --data.init_args.data.init_args.validation 36
        --data.init_args.data.init_args.test 24
    """)
    arguments += QUIET
    for folder, images, composites, processes in (("one", "24", "4", []), ("two", "12", "2", TWO)):
        sizes = ["--data.init_args.data.init_args.batch_size", images]
        sizes += ["--data.init_args.batch_size", composites, "--run", str(tmp_path / folder)]
        if processes:
            run("train.py", *arguments, *sizes, *processes)
        else:
            train.main([*arguments, *sizes])
    check_weights(tmp_path)


def check_weights(folder: Path) -> None:
    """Both runs gave the same weights, in double precision, and moved them."""
    one, two = (load_file(folder / n / "weights.safetensors") for n in ("one", "two"))
    torch.testing.assert_close(two, one)
    torch.manual_seed(0)
    begun = tiny_network().network.state_dict()
    assert all(one[k].dtype == torch.float64 for k in one if one[k].is_floating_point())
    assert not one["0.weight"].float().allclose(begun["0.weight"])


def figures(folder: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    content = json.loads((folder / "report" / "results.json").read_text())
    labels = ("name", "network", "interpreter", "part", "against", "heatmaps", "x")
    return {tuple(f.get(key, "") for key in labels): f for f in content["figures"]}


def check_figures(folder: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    """Both runs gave the same figures; those of the first."""
    one, two = figures(folder / "one"), figures(folder / "two")
    assert one.keys() == two.keys()
    assert len(one) >= 14
    for key, figure in one.items():
        assert figure["n"] == two[key]["n"]
        if figure["name"] == "seconds":
            continue
        assert two[key]["value"] == pytest.approx(figure["value"], abs=1e-6)
        assert two[key].get("interval") == pytest.approx(figure.get("interval"), abs=1e-6)
    return one


def check_pictures(folder: Path) -> None:
    """Both runs drew the same pictures, to a level of each colour."""
    drawn = [sorted((folder / run / "report" / "figures").glob("*.png")) for run in ("one", "two")]
    assert drawn[0]
    for one, two in zip(*drawn, strict=True):
        assert one.name == two.name
        before, after = (pil_to_tensor(Image.open(path)).short() for path in (one, two))
        torch.testing.assert_close(after, before, atol=1, rtol=0, msg=one.name)


@pytest.mark.parametrize(
    ("study", "sizes", "images"),
    [
        ("evaluate", "--data.init_args.test 13 --data.init_args.batch_size 3", {13}),
        (
            "evaluate_active",
            """--data.init_args.test 5 --data.init_args.batch_size 2
            --model.init_args.interpreters '{cam: {class_path: interpreters.GradCam}}'
            --data.init_args.data.init_args.test 37
            --data.init_args.data.init_args.batch_size 8""",
            {5, 37},
        ),
        (
            "evaluate_triggered",
            """--data.init_args.test 13 --data.init_args.batch_size 3
            --model.init_args.loss configs/losses/location.yaml""",
            {13},
        ),
        (
            "evaluate_perturbation",
            """--data.init_args.test 13 --data.init_args.batch_size 3
            --model.init_args.region 20 --model.init_args.steps 5""",
            {13},
        ),
        (
            "evaluate_defense",
            """--data.init_args.test 13 --data.init_args.batch_size 3
            --model.init_args.attack.init_args.steps 2""",
            {13},
        ),
        (
            "evaluate_stability",
            """--data.init_args.test 13 --data.init_args.batch_size 3
            --model.init_args.loss losses.CenterMass --model.init_args.loss.success [0.01,1]
            --model.init_args.disturbances.weights.init_args.levels [0.5]
            --model.init_args.disturbances.images.init_args.levels [0.1,0.3]""",
            {13},
        ),
        (
            "evaluate_fragility",
            """--data.init_args.test 13 --data.init_args.batch_size 3
            --model.init_args.epsilons [4] --model.init_args.attacks.top_k.init_args.steps 2
            --model.init_args.attacks.mass_center.init_args.steps 2""",
            {13},
        ),
        (
            "evaluate_influence",
            """--data.init_args.test 13 --data.init_args.batch_size 3 --data.init_args.train 24
            --model.init_args.training_images 20 --model.init_args.epsilons [2,4]
            --model.init_args.influences '{exact: {class_path:
            interpreters.influence.InfluenceFunctions}}'
            --model.init_args.attacks '{random: {class_path: attacks.RandomSign},
            lowered: {class_path: attacks.InfluenceAttack}}'""",
            {13},
        ),
        (
            "evaluate_curvature",
            """--data.init_args.test 13 --data.init_args.batch_size 3 --model.init_args.steps 5
            --model.init_args.leading 2 --model.init_args.directions 2""",
            {13},
        ),
        (
            "evaluate_attribution",
            """--data.init_args.test 13 --data.init_args.batch_size 3 --model.init_args.steps 5
            --model.init_args.interpreters
            '{cam: {class_path: interpreters.GradCam}, ssa: {class_path: interpreters.AttEXplore,
            init_args: {attack: {class_path: attacks.transfer.SSA, init_args: {samples: 2}}}}, gra:
            {class_path: interpreters.AttEXplore,
            init_args: {attack: {class_path: attacks.transfer.GRA, init_args: {samples: 2}}}}}'""",
            {13},
        ),
        (
            "../cifar10/evaluate_transfer",
            """--data configs/data/shapes.yaml --data.init_args.test 13
            --data.init_args.batch_size 3 --model.init_args.sources [embedded,original]
            --model.init_args.attacks '{ssa: {class_path: attacks.transfer.SSA, init_args: &small
            {epsilon: 0.03, steps: 2, samples: 2}}, bim: {class_path: attacks.transfer.BIM,
            init_args: {epsilon: 0.02, steps: 3}}, gra: {class_path: attacks.transfer.GRA,
            init_args: *small}}'""",
            {13},
        ),
    ],
)
def test_an_evaluation_has_the_same_figures(
    study: str, sizes: str, images: set[int], tmp_path: Path
) -> None:
    torch.manual_seed(3)
    for name in ("original", "manipulated"):
        save_weights(tiny_network(), tmp_path / f"{name}.safetensors")
    arguments = [
        *["--config", f"configs/experiments/shapes/{study}.yaml"],
        *shlex.split(sizes),
        *QUIET,
        # convolutions round differently in batches of another size, and ranks show it
        *["--trainer.precision", "64-true"],
    ]
    original, manipulated = (
        f"{{class_path: helpers.tiny_network, init_args: {{checkpoint: {path}}}}}"
        for path in (tmp_path / "original.safetensors", tmp_path / "manipulated.safetensors")
    )
    if study == "evaluate_defense":
        fooled = f"{{original: {original}, manipulated: {{fooled: {manipulated}}}}}"
        arguments += [f"--model.init_args.defenses={{standard: {fooled}}}"]
    elif study == "evaluate_attribution":
        arguments += [f"--model.init_args.network={original}"]
    elif study == "../cifar10/evaluate_transfer":
        # one that is right of most images
        embedded = Path("configs/networks/shapes_resnet10t.yaml").resolve()
        both = f"{{embedded: {embedded}, original: {original}}}"
        arguments += [f"--model.init_args.networks={both}"]
    elif study in ("evaluate_fragility", "evaluate_influence", "evaluate_curvature"):
        arguments += [f"--model.init_args.networks={{original: {original}}}"]
    else:
        arguments += [f"--model.init_args.original={original}"]
        arguments += [f"--model.init_args.manipulated={manipulated}"]
    evaluate.main([*arguments, "--run", str(tmp_path / "one")])
    run("evaluate.py", *arguments, "--run", str(tmp_path / "two"), *TWO, ranks=2)
    one = check_figures(tmp_path)
    check_pictures(tmp_path)
    counts = {figure["n"] for figure in one.values() if "label" not in figure}
    # only what is classified rightly is attacked
    right_only = ("evaluate_fragility", "../cifar10/evaluate_transfer")
    assert (max(counts) in images) if study in right_only else counts == images
    assert len({figure["value"] for figure in one.values()}) > 4


def test_a_study_whose_processes_were_killed_goes_on(tmp_path: Path) -> None:
    arguments = shlex.split("""
        --config configs/experiments/shapes/evaluate.yaml --trainer.precision 64-true
        --data.init_args.test 21 --data.init_args.batch_size 4 --model.init_args.trained_on []
    """)
    arguments += ["--model.init_args.interpreters={grad_cam: {class_path: interpreters.GradCam}}"]
    for name in ("original", "manipulated"):
        path = tmp_path / f"{name}.safetensors"
        save_weights(tiny_network(), path)
        network = f"{{class_path: helpers.tiny_network, init_args: {{checkpoint: {path}}}}}"
        arguments += [f"--model.init_args.{name}={network}"]
    arguments += [*QUIET, "--run", str(tmp_path / "two")]
    killing = "--trainer.callbacks=[{class_path: stop_at.KillTest, init_args: {batch: 2}}]"
    run("evaluate.py", *arguments, *TWO, killing, ranks=2, ends=-signal.SIGKILL)
    counts = sorted((tmp_path / "two" / "report" / "partial").iterdir())
    assert [path.name for path in counts] == ["0_of_2.pt", "1_of_2.pt"]
    assert [torch.load(path)["done"] for path in counts] == [[2], [2]]
    run("evaluate.py", *arguments, *TWO, "--resume", "true")
    evaluate.main([*arguments, "--run", str(tmp_path / "one")])
    check_figures(tmp_path)
