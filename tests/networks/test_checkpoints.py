"""Weight files: every common layout is read, nothing in them runs, and nothing is left half."""

import pickle
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision import models

from networks import (
    NormalizedNetwork,
    fingerprint,
    load_weights,
    save_weights,
    timm_network,
    torchvision_network,
)
from networks.cifar_resnet import PREPROCESSING
from networks.sound import WeightFileError

State = dict[str, Tensor]


def small_network() -> NormalizedNetwork:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))
    for value in layers.state_dict().values():
        value.copy_(torch.rand(value.shape) * 10)
    return NormalizedNetwork(layers, PREPROCESSING)


def prefixed(prefix: str, state: State) -> State:
    return {prefix + name: value for name, value in state.items()}


@pytest.fixture
def network() -> NormalizedNetwork:
    return small_network()


@pytest.fixture
def state(network: NormalizedNetwork) -> State:
    """The weights under the names of the network inside."""
    return network.network.state_dict()


def assert_loads(path: Path, state: State) -> None:
    other = small_network()
    load_weights(other, path)
    torch.testing.assert_close(other.network.state_dict(), state, rtol=0, atol=0)


def assert_refused(path: Path, match: str) -> None:
    other = small_network()
    before = deepcopy(other.state_dict())
    with pytest.raises(WeightFileError, match=match):
        load_weights(other, path)
    torch.testing.assert_close(other.state_dict(), before, rtol=0, atol=0)


def test_round_trip(network: NormalizedNetwork, state: State, tmp_path: Path) -> None:
    save_weights(network, tmp_path / "weights.safetensors")
    assert_loads(tmp_path / "weights.safetensors", state)
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]


def test_save_replaces_an_older_file(
    network: NormalizedNetwork, state: State, tmp_path: Path
) -> None:
    save_weights(small_network(), tmp_path / "weights.safetensors")
    save_weights(network, tmp_path / "weights.safetensors")
    assert_loads(tmp_path / "weights.safetensors", state)


def test_failed_save_keeps_the_older_file(
    network: NormalizedNetwork, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError("disk full")

    save_weights(network, tmp_path / "weights.safetensors")
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        save_weights(small_network(), tmp_path / "weights.safetensors")
    assert_loads(tmp_path / "weights.safetensors", state)
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]


def test_round_trip_of_a_network_with_a_part_called_network(tmp_path: Path) -> None:
    class Wrapper(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = nn.Linear(2, 2)

    wrapper, other = Wrapper(), Wrapper()
    save_weights(wrapper, tmp_path / "weights.safetensors")
    load_weights(other, tmp_path / "weights.safetensors")
    assert fingerprint(other) == fingerprint(wrapper)


@pytest.mark.parametrize(
    "prefix",
    ["", "module.", "network.", "network.network.", "module.network.", "_orig_mod."],
)
@pytest.mark.parametrize(
    "nested",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3, "optimizer_states": []},
        lambda state: {"model_state_dict": state, "epoch": 3},
        lambda state: {"model": state, "rate": torch.tensor(0.1)},
        lambda state: {"state_dict": {"model": state}},
    ],
    ids=["bare", "state_dict", "model_state_dict", "model", "state_dict.model"],
)
def test_common_layouts(
    nested: Callable[[State], dict[str, Any]], prefix: str, state: State, tmp_path: Path
) -> None:
    torch.save(nested(prefixed(prefix, state)), tmp_path / "weights.ckpt")
    assert_loads(tmp_path / "weights.ckpt", state)


def test_format_before_torch_1_6(state: State, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "weights.th", _use_new_zipfile_serialization=False)
    assert_loads(tmp_path / "weights.th", state)


def test_older_files_lack_counters(state: State, tmp_path: Path) -> None:
    older = {name: value for name, value in state.items() if "num_batches" not in name}
    assert len(older) == len(state) - 1
    torch.save(older, tmp_path / "weights.pt")
    other = small_network()
    load_weights(other, tmp_path / "weights.pt")
    loaded = {name: other.network.state_dict()[name] for name in older}
    torch.testing.assert_close(loaded, older, rtol=0, atol=0)


def test_missing_and_unexpected_names(state: State, tmp_path: Path) -> None:
    state["head.weight"] = state.pop("3.weight")
    del state["3.bias"]
    torch.save(state, tmp_path / "weights.pt")
    assert_refused(
        tmp_path / "weights.pt",
        r"2 names missing \(first: `3.weight`\), 1 unexpected \(first: `head.weight`\)",
    )


def test_other_shape(state: State, tmp_path: Path) -> None:
    state["3.weight"] = torch.rand(5, 16)
    torch.save(state, tmp_path / "weights.pt")
    assert_refused(
        tmp_path / "weights.pt",
        r"`3.weight` has shape \(5, 16\) in the file and \(2, 16\) in the network",
    )


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_truncated(network: NormalizedNetwork, suffix: str, share: float, tmp_path: Path) -> None:
    path = (tmp_path / "weights").with_suffix(suffix)
    if suffix == ".pt":
        torch.save(network.network.state_dict(), path)
    else:
        save_weights(network, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert_refused(path, f"weights{suffix} is truncated")


def test_truncated_format_before_torch_1_6(state: State, tmp_path: Path) -> None:
    path = tmp_path / "weights.th"
    torch.save(state, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    for length in range(0, len(whole), 16):
        path.write_bytes(whole[:length])
        assert_refused(path, "weights.th is (truncated|not a plain weight file)")


@pytest.mark.parametrize("content", [b"hello world", bytes(100)])
def test_no_weight_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(content)
    assert_refused(tmp_path / "weights.pt", "weights.pt is (truncated|not a plain weight file)")


class Malicious:
    """Unpickling it creates a file."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("writer", ["torch", "pickle"])
def test_malicious_file_does_not_run(writer: str, state: State, tmp_path: Path) -> None:
    path, victim = tmp_path / "weights.pt", tmp_path / "victim"
    content = {**state, "3.weight": Malicious(victim)}
    if writer == "torch":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content, protocol=2))  # as torch writes
    assert_refused(path, "not a plain weight file: reading it would run code")
    assert not victim.exists()
    if writer == "torch":  # the file would have run
        torch.load(path, weights_only=False)
    else:
        pickle.loads(path.read_bytes())  # noqa: S301  # our own file
    assert victim.exists()


def test_whole_module_is_refused(network: NormalizedNetwork, tmp_path: Path) -> None:
    torch.save(network.network, tmp_path / "weights.pt")
    assert_refused(tmp_path / "weights.pt", "save its state_dict alone")


def test_missing_file(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none.pt", f"no file at {tmp_path / 'none.pt'}; check the path")
    assert_refused(tmp_path, f"no file at {tmp_path}, but a folder")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({"epoch": 3, "rate": 0.1}, "holds no weights; its keys are epoch, rate"),
        ({"state_dict": {}}, "holds no weights"),
        ([torch.ones(2)], "holds a list, expected a state_dict"),
        ({0: torch.ones(2)}, "weights.pt"),
    ],
    ids=["no tensors", "empty", "list", "numbers as names"],
)
def test_no_weights_inside(content: object, match: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pt")
    assert_refused(tmp_path / "weights.pt", match)


def test_timm_reads_what_we_write(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    network = timm_network("test_resnet", num_classes=3)
    save_weights(network, path)
    plain = timm.create_model("test_resnet", num_classes=3, checkpoint_path=str(path))
    assert fingerprint(plain) == fingerprint(network)


def test_torchvision_reads_what_we_write(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    network = torchvision_network("squeezenet1_1", num_classes=3)
    save_weights(network, path)
    plain = models.squeezenet1_1(num_classes=3)
    plain.load_state_dict(load_file(path))
    assert fingerprint(plain) == fingerprint(network)


def test_fingerprint_changes_with_every_weight(network: NormalizedNetwork) -> None:
    values = network.network.state_dict().values()
    prints = {fingerprint(network)}
    for value in values:
        value.view(-1)[-1] += 1
        prints.add(fingerprint(network))
    assert len(prints) == len(values) + 1
    assert all(len(digits) == 16 and int(digits, 16) >= 0 for digits in prints)


def test_fingerprint_changes_with_names_and_shapes() -> None:
    first, second = nn.Linear(2, 3, bias=False), nn.Linear(3, 2, bias=False)
    with torch.no_grad():
        second.weight.copy_(first.weight.view(2, 3))
    prints = {fingerprint(first), fingerprint(second), fingerprint(nn.Sequential(first))}
    assert len(prints) == 3


def test_fingerprint_stays_with_copies(network: NormalizedNetwork, tmp_path: Path) -> None:
    expected = fingerprint(network)
    save_weights(network, tmp_path / "weights.safetensors")
    loaded = small_network()
    load_weights(loaded, tmp_path / "weights.safetensors")
    strided = deepcopy(network).to(memory_format=torch.channels_last)
    assert not strided.network.get_parameter("0.weight").is_contiguous()
    for copy in (deepcopy(network), network.network, network.eval(), strided, loaded):
        assert fingerprint(copy) == expected
