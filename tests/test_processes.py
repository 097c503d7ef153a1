"""Two processes give what one gives."""

import json
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from helpers import tiny_network
from processes import run
from safetensors.torch import load_file
from same_figures import STUDIES, measure

import evaluate
import train
from evaluation.report import ReportFolderError
from networks import save_weights

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("kept_parsers")]
# Lightning starts the second process itself, but where a cluster has given each a rank
TWO = ["--trainer.devices", "2", "--trainer.strategy", "ddp"]
QUIET = ["--trainer.enable_progress_bar", "false", "--trainer.accelerator", "cpu"]

EVERY = ("grad_cam", "simple_gradient", "input_x_gradient", "deep_lift", "lrp", "lrp_last")
# as shipped, these run the network many times
FEW = """
smooth_grad: {class_path: interpreters.SmoothGrad, init_args: {samples: 3}},
integrated_gradients: {class_path: interpreters.IntegratedGradients, init_args: {steps: 3}}
"""


def test_a_fooling_step_has_the_gradients_of_the_whole_batch(tmp_path: Path) -> None:
    """One step of plain gradient descent with rate 1: the weights differ by the gradient."""
    shipped = (f"{name}: configs/interpreters/{name}.yaml" for name in EVERY)
    interpreters = ", ".join([*shipped, FEW])
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
    # no pictures, which only TensorBoard shows
    log = (
        f"{{class_path: lightning.pytorch.loggers.CSVLogger, init_args: {{save_dir: {tmp_path}}}}}"
    )
    arguments += [f"--trainer.logger={log}"]
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
            run("train.py", *arguments, *sizes, *processes, ranks=2)
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


def check_measurements(one: Path, two: Path) -> None:
    """Two reports have the same measurements, from the same number of images."""
    before, after = measurements(one), measurements(two)
    assert before.keys() == after.keys()
    assert len(before) >= 14
    # none of the images is left out, none is taken twice
    assert {key: each["n"] for key, each in before.items()} == {
        key: each["n"] for key, each in after.items()
    }
    for key, each in before.items():
        if each["name"] != "seconds":
            assert after[key]["value"] == pytest.approx(each["value"], abs=1e-6)
            assert after[key].get("interval") == pytest.approx(each.get("interval"), abs=1e-6)


def measurements(folder: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    content = json.loads((folder / "report" / "results.json").read_text())
    labels = ("name", "network", "interpreter", "part", "against", "heatmaps", "x")
    return {tuple(each.get(key, "") for key in labels): each for each in content["figures"]}


def check_shown(one: Path, two: Path) -> None:
    """Two reports show the same images, heatmaps and curves."""
    shown = [load_file(folder / "report" / "findings.safetensors") for folder in (one, two)]
    # heatmaps far from 1 in size are seen at their own scale
    torch.testing.assert_close(shown[1], shown[0], atol=1e-9, rtol=1e-5)


def test_evaluations_have_the_same_figures(tmp_path: Path) -> None:
    # all studies one after another, as processes take long to start
    measure(tmp_path / "one")
    run("tests/same_figures.py", str(tmp_path / "two"), *TWO, ranks=2)
    for study in STUDIES:
        one, two = (tmp_path / folder / study.stem for folder in ("one", "two"))
        check_measurements(one, two)
        check_shown(one, two)
        found = measurements(one).values()
        assert max(each["n"] for each in found) == images_of(study)
        assert len({each["value"] for each in found}) > 4


def images_of(study: Path) -> int:
    """Return the number of test images of a study."""
    data = yaml.safe_load(study.read_text())["data"]["init_args"]
    images: int = data.get("data", {"init_args": data})["init_args"]["test"]
    return images


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
    assert not (tmp_path / "two" / "report" / "results.json").exists()
    with pytest.raises(ReportFolderError, match=r"was stopped; go on with it \(--resume true\)"):
        evaluate.main(arguments)
    run("evaluate.py", *arguments, *TWO, "--resume", "true", ranks=2)
    evaluate.main([*arguments, "--run", str(tmp_path / "one")])
    check_measurements(tmp_path / "one", tmp_path / "two")
    assert not (tmp_path / "two" / "report" / "partial").exists()
