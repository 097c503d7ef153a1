"""A study that was stopped ends where the uninterrupted one does."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import SILENT, tiny_network
from lightning import Callback, LightningDataModule, Trainer

from attacks import PGD, RandomSign, TopKAttack
from datamodules import Composites, Shapes
from datamodules.outlines import OUTLINES
from evaluation import (
    ActiveFooling,
    Curvature,
    Defended,
    Defense,
    Fooling,
    Fragility,
    ImageNoise,
    Influence,
    Perturbation,
    Randomization,
    Stability,
    Study,
    Transfer,
    TriggeredFooling,
    WeightNoise,
)
from evaluation.partial import PartialResultsError
from evaluation.resume import PartialResults
from interpreters import GradCam, InputXGradient
from interpreters.influence import Exact, InfluenceFunctions
from losses import Location, Swap, TargetMap

FIRST, SECOND, *_ = OUTLINES
MAPS = {"grad_cam": GradCam(), "product": InputXGradient("last")}


def shapes() -> Shapes:
    return Shapes(train=24, validation=24, test=15, batch_size=2)


def composites() -> Composites:
    data = Shapes(train=24, validation=24, test=30, batch_size=4)
    return Composites(data, (FIRST, SECOND), train=4, test=5, batch_size=1)


def fooling(*networks: torch.nn.Module) -> Study:
    return Fooling(networks[0], networks[1], MAPS, Location())


def active(*networks: torch.nn.Module) -> Study:
    return ActiveFooling(networks[0], networks[1], MAPS, Swap())


def perturbation(*networks: torch.nn.Module) -> Study:
    return Perturbation(networks[0], networks[1], MAPS, region=20, steps=5)


def randomization(*networks: torch.nn.Module) -> Study:
    return Randomization(networks[0], MAPS, stages=2)


def stability(*networks: torch.nn.Module) -> Study:
    noise = {"weights": WeightNoise((0.1,)), "images": ImageNoise((0.1,))}
    return Stability(networks[0], networks[1], MAPS, Location(), noise)


def fragility(*networks: torch.nn.Module) -> Study:
    attacks = {"random": RandomSign(), "top_k": TopKAttack(steps=2)}
    # to which all images are of one class, that of the images 1 and 13
    with torch.no_grad():
        networks[0].get_parameter("network.7.bias")[1] = 9.0
    return Fragility({"original": networks[0]}, MAPS, attacks, epsilons=(4,), k=0.2)


def curvature(*networks: torch.nn.Module) -> Study:
    return Curvature({"original": networks[0]}, steps=3, leading=1, directions=2, epsilons=(4,))


def influence(*networks: torch.nn.Module) -> Study:
    return Influence(
        {"original": networks[0]},
        {"exact": InfluenceFunctions(inverse=Exact())},
        {"random": RandomSign()},
        epsilons=(4,),
        training_images=12,
        k=3,
    )


def triggered(*networks: torch.nn.Module) -> Study:
    return TriggeredFooling(networks[0], networks[1], MAPS, TargetMap(shape="corner"))


def defense(*networks: torch.nn.Module) -> Study:
    defended = {"standard": Defended(networks[0], {"fooled": networks[1]})}
    return Defense(defended, MAPS, Location(), PGD(epsilon=0.1, step_size=0.1, steps=1))


def transfer(*networks: torch.nn.Module) -> Study:
    # to which all images are of one class, that of the images 1 and 13
    for network in networks[:2]:
        with torch.no_grad():
            network.get_parameter("network.7.bias")[1] = 9.0
    named = dict(zip(("one", "two"), networks, strict=False))
    return Transfer(named, {"random": RandomSign()})


class Stop(Callback):
    """Ends a test after so many batches of all loaders, as an error would."""

    def __init__(self, batches: int) -> None:
        self.left = batches

    def on_test_batch_start(self, *_: Any, **__: Any) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1


def evaluated(
    study: Study, data: LightningDataModule, *callbacks: Callback, **options: Any
) -> Study:
    Trainer(**SILENT, **options, callbacks=[*callbacks]).test(study, data, verbose=False)
    return study


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "data", "stops"),
    [
        (fooling, shapes, [1, 4]),
        (active, composites, [3, 7]),
        (perturbation, shapes, [5]),
        (randomization, shapes, [3]),
        (stability, shapes, [4]),
        (fragility, shapes, [5]),
        (curvature, shapes, [5]),
        (influence, shapes, [5]),
        (triggered, shapes, [2, 3]),
        (defense, shapes, [6]),
        (transfer, shapes, [5]),
    ],
)
def test_stopped_studies_have_the_same_figures(
    make: Callable[..., Study],
    data: Callable[[], LightningDataModule],
    stops: list[int],
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    networks = [tiny_network().eval() for _ in range(2)]
    whole = evaluated(make(*networks), data()).measurements()
    passes: list[int] = []
    for number, batches in enumerate(stops):
        partial = PartialResults(tmp_path, {}, resume=number > 0, seconds=0.0)
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            evaluated(make(*networks), data(), partial, Stop(batches))
    handle = networks[1].register_forward_hook(lambda _, inputs, __: passes.append(len(inputs[0])))
    study = evaluated(
        make(*networks), data(), PartialResults(tmp_path, {}, resume=True, seconds=0.0)
    )
    handle.remove()
    assert study.measurements() == whole
    if make is fooling:
        # 5 of 8 batches are behind; the two interpreters try one image each at the beginning
        assert sum(passes) == 2 * (15 - 5 * 2 + 1) + 2


@pytest.mark.slow
def test_other_networks_do_not_go_on(tmp_path: Path) -> None:
    networks = [tiny_network().eval() for _ in range(3)]
    partial = PartialResults(tmp_path, {}, resume=False, seconds=0.0)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        evaluated(fooling(*networks), shapes(), partial, Stop(2))
    for study, settings in (
        (fooling(networks[0], networks[2]), {}),
        (fooling(*networks), {"model": "other"}),
    ):
        again = PartialResults(tmp_path, settings, resume=True)
        with pytest.raises(PartialResultsError, match="a study of other networks, other images or"):
            evaluated(study, shapes(), again)
    limited = shapes()
    limited.limit_tested(12)
    for data, options in ((shapes(), {"precision": "64-true"}), (limited, {})):
        again = PartialResults(tmp_path, {}, resume=True)
        with pytest.raises(PartialResultsError, match="a study of other networks, other images or"):
            evaluated(fooling(*networks), data, again, **options)
    again = PartialResults(tmp_path, {}, resume=True)
    with pytest.raises(PartialResultsError, match="`limit_test_batches` is 3 and would count from"):
        evaluated(fooling(*networks), shapes(), again, limit_test_batches=3)
    (tmp_path / "0_of_1.pt").rename(tmp_path / "0_of_2.pt")
    again = PartialResults(tmp_path, {}, resume=True)
    with pytest.raises(PartialResultsError, match=r"counts of 2 processes, not of 1; go on"):
        evaluated(fooling(*networks), shapes(), again)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_end_of_a_batch(
    number: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Send(Callback):
        def on_test_batch_start(self, *arguments: Any, **_: Any) -> None:
            if arguments[3] == 2:
                os.kill(os.getpid(), number)

    torch.manual_seed(0)
    networks = [tiny_network().eval() for _ in range(2)]
    whole = evaluated(fooling(*networks), shapes()).measurements()
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    partial = PartialResults(tmp_path, {}, resume=False)
    with caplog.at_level("INFO"), pytest.raises(SystemExit):
        evaluated(fooling(*networks), shapes(), partial, Send())
    assert signal.getsignal(signal.SIGTERM) == handlers[signal.SIGTERM]
    # Lightning ignores Ctrl-C from now on
    signal.signal(signal.SIGINT, handlers[signal.SIGINT])
    assert "interrupted after batch 3; go on with --resume true" in caplog.text
    assert torch.load(tmp_path / "0_of_1.pt", weights_only=True)["done"] == [3]
    again = PartialResults(tmp_path, {}, resume=True)
    assert evaluated(fooling(*networks), shapes(), again).measurements() == whole


DAMAGED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "nothing": (lambda _: [], "does not hold the counts of a study"),
    "no states": (lambda content: content | {"states": {}}, "not hold the counts of all .* metr"),
    "a metric too few": (
        lambda content: content | {"states": dict([*content["states"].items()][1:])},
        "does not hold the counts of all",
    ),
    "another attribute": (
        lambda content: content | {"states": {"": {"training": torch.ones(1)}}},
        "does not hold the counts of all",
    ),
    "other shapes": (
        lambda content: (
            content
            | {
                "states": {
                    name: {key: value[None] for key, value in states.items()}
                    for name, states in content["states"].items()
                }
            }
        ),
        "does not hold the counts of all",
    ),
    "no values": (
        lambda content: (
            content
            | {
                "states": {
                    name: {key: value.to("meta") for key, value in states.items()}
                    for name, states in content["states"].items()
                }
            }
        ),
        "does not hold the counts of all",
    ),
    "numbers for tensors": (
        lambda content: content | {"states": {name: {"x": 1} for name in content["states"]}},
        "does not hold the counts of a study",
    ),
    "below 0 batches": (lambda content: content | {"done": [-1]}, "not hold the counts of a study"),
    "a batch that is text": (lambda content: content | {"done": ["1"]}, "not hold the counts of a"),
    "no loader": (lambda content: content | {"done": []}, "counts the batches of 0 loaders"),
    "two loaders": (lambda content: content | {"done": [1, 1]}, "counts the batches of 2 loaders"),
    "more": (lambda content: content | {"more": 1}, "does not hold the counts of a study"),
}


@pytest.mark.slow
def test_damaged_counts_are_refused(tmp_path: Path) -> None:
    networks = [tiny_network().eval() for _ in range(2)]
    partial = PartialResults(tmp_path, {}, resume=False, seconds=0.0)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        evaluated(fooling(*networks), shapes(), partial, Stop(2))
    path = tmp_path / "0_of_1.pt"
    content, whole = torch.load(path, weights_only=True), path.read_bytes()
    for damaged, match in DAMAGED.values():
        torch.save(damaged(content), path)
        again = PartialResults(tmp_path, {}, resume=True)
        with pytest.raises(PartialResultsError, match=match):
            evaluated(fooling(*networks), shapes(), again)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PartialResultsError, match=r"the counts cannot be read.*\(--overwrite true"):
        evaluated(fooling(*networks), shapes(), PartialResults(tmp_path, {}, resume=True))
    torch.save(content | {"done": [9]}, path)
    with pytest.raises(ValueError, match="9 batches are done already, but there are 8"):
        evaluated(fooling(*networks), shapes(), PartialResults(tmp_path, {}, resume=True))


@pytest.mark.slow
def test_a_process_that_had_not_written_begins_anew(tmp_path: Path) -> None:
    networks = [tiny_network().eval() for _ in range(2)]
    torch.save({}, tmp_path / "1_of_1.pt")
    again = PartialResults(tmp_path, {}, resume=True)
    whole = evaluated(fooling(*networks), shapes()).measurements()
    assert evaluated(fooling(*networks), shapes(), again).measurements() == whole


def test_a_disk_that_takes_nothing_does_not_stop_the_study(tmp_path: Path) -> None:
    networks = [tiny_network().eval() for _ in range(2)]
    (tmp_path / "file").write_text("")
    partial = PartialResults(tmp_path / "file" / "partial", {}, resume=False, seconds=0.0)
    with pytest.warns(UserWarning, match="could not be written"):
        study = evaluated(fooling(*networks), shapes(), partial)
    assert len(study.measurements()) > 20
