"""train.py and evaluate.py as people use them: configurations, help, and clear errors."""

import html
import json
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest
import torch
import yaml
from helpers import QUIET, SMALL, tiny_network
from lightning.fabric.utilities.exceptions import MisconfigurationException
from PIL import Image

import evaluate
import train
from networks import cifar_resnet, save_weights, timm_network
from networks.sound import WeightFileError

pytestmark = pytest.mark.usefixtures("kept_parsers", "without_pdf")
ROOT = Path(__file__).parents[1]
FIT = sorted(
    path
    for path in (ROOT / "configs").rglob("*.yaml")
    if path.parts[-2] not in ("networks", "interpreters", "composites", "losses", "attacks", "data")
    and not path.name.startswith("evaluate")
    # test_heo2019 shows that these differ from those of vgg19 by numbers and names alone
    and not path.name.startswith(("densenet121_", "resnet50_"))
)
SHAPES = ["fit", "--config", "configs/experiments/shapes/fool.yaml"]


def command_of(config: Path) -> list[str]:
    """The configurations that the first lines of a file say to use together."""
    words = config.read_text().split("\n# The")[0].replace("\\\n#", " ").split()
    return [word for word in words if word.startswith("configs/")]


@pytest.mark.slow
@pytest.mark.parametrize("config", FIT, ids=lambda p: "-".join(p.with_suffix("").parts[-2:]))
def test_every_configuration_trains(config: Path, image_folder: Path, tmp_path: Path) -> None:
    relative = str(config.relative_to(ROOT))
    configs = command_of(config)
    assert relative in configs, f"{relative} does not begin with the command that runs it"
    arguments = ["fit", *(part for name in configs for part in ("--config", name))]
    text = "".join(_with_parts(ROOT / name) for name in configs)
    lengths = "{train: 24, validation: 12, test: 2, batch_size: 4}"
    drawn = f"{{class_path: datamodules.Shapes, init_args: {lengths}}}"
    # as many as the network knows
    others = range(3, 10 if "networks.cifar_resnet" in text else 12)
    classes = ["ant", "bee", "cat", *(f"class {number}" for number in others)]
    settings = f"{{root: {image_folder}, size: 16, batch_size: 2, workers: 0, classes: {classes}}}"
    files = f"{{class_path: datamodules.ImageFolder, init_args: {settings}}}"
    network, data, pair = SMALL, files, "[ant, bee]"
    if "shapes" in relative:
        data, pair = drawn, "[arrow, circle]"
    if "networks.cifar_resnet" in text:  # its layers are named, and small enough
        save_weights(cifar_resnet(), tmp_path / "begun.safetensors")
        weights = str(tmp_path / "begun.safetensors")
        place = "network.init_args.network" if "networks.smoothed" in text else "network"
        network = [f"--model.init_args.{place}.init_args.weights", weights]
    elif "shapes" in relative and "layer: layer" in text:
        network = []
    elif "layer: layer" in text or "layer: features" in text:
        arguments += ["--model.init_args.interpreter.init_args.layer", "last"]
    if "Composites" in text:
        settings = f"{{data: {data}, pair: {pair}, train: 2, test: 1}}"
        data = f"{{class_path: datamodules.Composites, init_args: {settings}}}"
    run = ["--run", str(tmp_path), "--trainer.fast_dev_run", "true", *QUIET]
    train.main([*arguments, *network, f"--data={data}", *run])


def _with_parts(config: Path) -> str:
    text = config.read_text()
    data = (yaml.safe_load(text) or {}).get("data")
    return text + ((config.parent / data).read_text() if isinstance(data, str) else "")


def test_configuration_round_trips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for source in ("configs/experiments/shapes/fool.yaml", str(tmp_path / "printed.yaml")):
        with pytest.raises(SystemExit, match="0"):
            train.main(["fit", "--config", source, *SMALL, "--print_config"])
        printed.append(capsys.readouterr().out)
        (tmp_path / "printed.yaml").write_text(printed[0])
    assert printed[0] == printed[1]
    assert yaml.safe_load(printed[0])["model"]["init_args"]["loss_weight"] == 4


def test_single_precision_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    with pytest.raises(SystemExit):
        train.main([*SHAPES, "--print_config"])
    assert not torch.backends.cudnn.allow_tf32


def test_help_documents_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, text in (
        (["fit", "--help"], "Folder of this run"),
        (["fit", "--model.help", "lightning_modules.PassiveFooling"], "Weight of the penalty"),
        (["fit", "--data.help", "datamodules.ImageFolder"], "an error for an unreadable image"),
    ):
        with pytest.raises(SystemExit, match="0"):
            train.main(arguments)
        assert text in " ".join(capsys.readouterr().out.split())


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a run that is refused says, by the parser on the terminal or in an exception."""
    try:
        train.main(arguments)
    except (SystemExit, ValueError, MisconfigurationException) as error:
        return f"{capsys.readouterr().err}{error}"
    return "nothing"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model.init_args.loss_wieght", "3"], "mean `loss_weight`"),
        (["--trainer.max_epoch", "3"], "mean `trainer.max_epochs`"),
        (["--model.init_args.loss.init_args.margn", "1"], "mean `margin`"),
        (["--model.init_args.interpreter", "GradCamm"], "mean `interpreters.GradCam`"),
        (["--model.init_args.loss", "losses.Locaton"], "did you mean `losses.Location`?"),
        (["--model.init_args.loss", "configs/losses/topk.yaml"], "mean `losses/top_k.yaml`"),
        (["--model.init_args.interpreter.init_args.layr", "x"], "layr"),
        (["--model.init_args.loss.init_args.margin", "0.7"], r"`margin` must be in \(0, 0.5\)"),
        (["--model.init_args.loss_weight", "-1"], "`loss_weight` must be finite and not negative"),
        (["--model.init_args.interpreter.init_args.layer", "layer9"], "no layer `layer9`"),
        (["--trainer.accelerator", "cuda"], "CUDAAccelerator"),
        (["--model.init_args.network", "helpers.softmax_network"], "ends in softmax"),
        (["--model.init_args.network", "helpers.flat_network"], "no layer with a map"),
        (["--model.init_args.network.init_args.classes", "3"], "12 classes and the network 3"),
        (["--model.init_args.network.init_args.checkpoint", "none.pt"], "no file at"),
        (
            ["--data", "datamodules.ImageFolder", "--data.root", "nowhere", "--data.size", "8"],
            "no f",
        ),
    ],
    ids=lambda value: value[0].split(".")[-1] if isinstance(value, list) else "",
)
def test_bad_input_is_said_before_training(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if torch.cuda.is_available() and "cuda" in arguments:
        arguments = ["--trainer.accelerator", "tpu"]
        message = "XLAAccelerator"
    small = ["--data.init_args.train", "8", "--data.init_args.validation", "4"]
    small = [] if "--data" in arguments else [*small, "--data.init_args.test", "2"]
    said = complaint([*SHAPES, *SMALL, *QUIET, *small, "--run", str(tmp_path), *arguments], capsys)
    assert re.search(message, said), said
    assert "Union subtypes" not in said  # the error itself, not an account
    assert len(said.splitlines()) <= 15
    assert not list(tmp_path.rglob("*.ckpt"))


def test_both_names_of_a_class_are_one_class(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for name in ("losses.TopK", "trompe.losses.TopK"):
        with pytest.raises(SystemExit, match="0"):
            train.main([*SHAPES, "--model.init_args.loss", name, "--print_config"])
        printed.append(capsys.readouterr().out)
    assert "class_path: trompe.losses.TopK" in printed[1]
    assert printed[0] == printed[1].replace("trompe.losses", "losses")
    assert import_module("trompe.losses").TopK is import_module("losses").TopK


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("class_path: losses.Locaton", "did you mean `losses.Location`"),
        ("{class_path: losses.Location, init_args: {margn: 1}}", "Option 'margn' is not accepted"),
    ],
)
def test_errors_in_an_included_file_are_said(
    content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text(content)
    said = complaint([*SHAPES, "--model.init_args.loss", str(tmp_path / "mine.yaml")], capsys)
    assert message in said
    assert "loop" not in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- 1", r"mine.yaml: it holds seq, expected options by name"),
        ("run: \xe9", r"mine.yaml: 'utf-8' codec can't decode"),
        ("run: a\nmodel: {init_arg: {}}", r"mine.yaml: line 2: no key `init_arg`; did you mean"),
        (
            "trainer:\n  max_epoch: 3",
            r"mean `trainer.max_epochs`\?\ngiven: .*/mine.yaml \(line 2\)",
        ),
        ("model: {init_args: {loss: " + "a" * 10**4 + "}}", r"mine.yaml"),
    ],
)
def test_errors_name_the_configuration(
    content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text(content, "latin-1")
    said = complaint([*SHAPES, "--config", str(tmp_path / "mine.yaml")], capsys)
    assert re.search(message, said), said
    assert len(said.splitlines()) <= 15
    assert len(said) < 4000


def test_the_embedded_weights_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"channels": [16, 32, 64, 128], "output_stride": 8}
    weights = "networks/weights/shapes_resnet10t.safetensors"
    timm_network("resnet10t", num_classes=12, weights=weights, options=options)
    with pytest.raises(WeightFileError, match=r"^no file at .*/networks/weights/none.pt"):
        cifar_resnet(weights="networks/weights/none.pt")


@pytest.mark.parametrize("role", ["original", "manipulated", "manipulated.first"])
def test_weights_of_another_architecture(role: str, tmp_path: Path) -> None:
    weights = tmp_path / "other.safetensors"
    save_weights(cifar_resnet(), weights)
    networks = dict.fromkeys(("original", "manipulated"), "helpers.tiny_network")
    wrong = f"{{class_path: helpers.tiny_network, init_args: {{checkpoint: {weights}}}}}"
    name, *key = role.split(".")
    networks[name] = f"{{{key[0]}: {wrong}}}" if key else wrong
    arguments = ["--config", "configs/experiments/cifar10/evaluate.yaml", "--run", str(tmp_path)]
    arguments += [f"--model.init_args.{name}={network}" for name, network in networks.items()]
    with pytest.raises(WeightFileError, match=f"^{weights} does not fit TinyNetwork: 10 names"):
        evaluate.main(arguments)


@pytest.mark.slow
def test_evaluation_of_image_files(image_folder: Path, tmp_path: Path) -> None:
    """With a corrupt image left out and counted, and a page that needs nothing else."""
    for path in sorted((image_folder / "val").rglob("*.png"))[:2]:
        path.write_bytes(path.read_bytes()[:60])
    Image.new("I;16", (9, 30)).save(image_folder / "val" / "ant" / "9.png")
    data = (
        "--data={class_path: datamodules.ImageFolder, init_args: {root: "
        f"{image_folder}, batch_size: 3, workers: 0, on_corrupt: skip}}}}"
    )
    networks = [
        f"--model.init_args.{name}={{class_path: helpers.tiny_network, init_args: {{classes: 3}}}}"
        for name in ("original", "manipulated", "control")
    ]
    config = ["--config", "configs/experiments/cifar10/evaluate.yaml", "--run", str(tmp_path)]
    evaluate.main([*config, *networks, data, "--trainer.enable_progress_bar", "false"])
    page = (tmp_path / "report" / "index.html").read_text()
    assert "2 images could not be read" in page
    assert "http" not in page
    assert page.count("data:image/png;base64,") == 13
    assert len(list((tmp_path / "report" / "figures").glob("*.png"))) == 13
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.slow
def test_the_page_says_how_to_repeat_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--config", "configs/experiments/shapes/evaluate.yaml", *QUIET]
    arguments += ["--run", str(tmp_path / "first"), "--limit_images", "6"]
    arguments += ["--data.init_args.test", "12"]
    arguments += ["--model.init_args.interpreters={grad_cam: {class_path: interpreters.GradCam}}"]
    arguments += ["--model.init_args.trained_on={manipulated: [grad_cam]}"]
    for name in ("original", "manipulated"):
        weights = tmp_path / f"{name}.safetensors"
        save_weights(tiny_network(), weights)
        network = f"{{class_path: helpers.tiny_network, init_args: {{checkpoint: {weights}}}}}"
        arguments.append(f"--model.init_args.{name}={network}")
    evaluate.main(arguments)
    page = (tmp_path / "first" / "report" / "index.html").read_text()
    (command,) = re.findall("<code>python evaluate.py (.*?)</code>", page)
    (config,) = re.findall("<pre>(.*?)</pre>", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(html.unescape(config))
    evaluate.main(shlex.split(command))
    first, again = (
        json.loads(Path(run, "report", "results.json").read_text()) for run in ("first", "NEW")
    )
    assert first["figures"] == again["figures"]
    assert first["fingerprints"] == again["fingerprints"]


def test_a_training_without_validation_leaves_its_last_weights(tmp_path: Path) -> None:
    data = "--data={class_path: datamodules.Shapes, init_args: {train: 8, validation: 4, test: 2}}"
    short = ["--data.init_args.batch_size", "4", "--trainer.max_steps", "1"]
    train.main([*SHAPES, *SMALL, data, *short, *QUIET, "--run", str(tmp_path)])
    assert not (tmp_path / "checkpoints" / "best.ckpt").exists()
    written = tiny_network(checkpoint=str(tmp_path / "weights.safetensors"))
    last = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=False)["state_dict"]
    torch.testing.assert_close(
        written.state_dict(),
        {
            name.removeprefix("network."): value
            for name, value in last.items()
            if name.startswith("network.")
        },
    )


STUDIES = sorted((ROOT / "configs").rglob("evaluate_defense.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("config", STUDIES, ids=lambda path: path.parts[-2])
def test_the_study_of_defenses_runs(config: Path, tmp_path: Path) -> None:
    network = "{class_path: helpers.tiny_network}"
    key = "--model.init_args.defenses"
    fooled = f"{{original: {network}, manipulated: {{fooled: {network}}}}}"
    data = "{class_path: datamodules.Shapes, init_args: {train: 8, validation: 4, test: 12}}"
    arguments = ["--config", str(config.relative_to(ROOT)), f"{key}={{standard: {fooled}}}"]
    arguments += ["--run", str(tmp_path), f"--data={data}", "--limit_images", "6", *QUIET]
    evaluate.main(arguments)
    figures = json.loads((tmp_path / "report" / "results.json").read_text())["figures"]
    robust = [figure for figure in figures if figure["name"] == "robust_accuracy_top1"]
    assert [figure["network"] for figure in robust] == ["standard", "standard_fooled"]
    assert {figure["n"] for figure in figures if "label" not in figure} == {6}
    assert "subset of at most 6 test images" in (tmp_path / "report" / "index.html").read_text()
