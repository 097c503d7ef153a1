"""Weight files as people have them: the one dictionary that fits is found, the rest is refused."""

import os
import struct
import zipfile
from argparse import Namespace
from collections import OrderedDict
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from networks import load_weights, save_weights
from networks.candidates import tables
from networks.sound import WeightFileError

State = dict[str, Tensor]


def small() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))


def under(prefix: str, state: State) -> State:
    return {prefix + name: value for name, value in state.items()}


def changed(state: State, **changes: Tensor) -> State:
    return state | {name.replace("__", "."): value for name, value in changes.items()}


def other(state: State) -> State:
    """Return other weights of the same network."""
    return {name: value + 1 for name, value in state.items()}


@pytest.fixture
def state() -> State:
    return deepcopy(small().state_dict())


def loaded(path: Path) -> State:
    network = small()
    load_weights(network, path)
    return network.state_dict()


def assert_refused(path: Path, match: str) -> None:
    network = small()
    before = deepcopy(network.state_dict())
    with pytest.raises(WeightFileError, match=match) as error:
        load_weights(network, path)
    assert len(str(error.value)) < 1000
    assert str(error.value).isprintable()
    torch.testing.assert_close(network.state_dict(), before, rtol=0, atol=0)


def cycle(state: State) -> dict[str, Any]:
    content: dict[str, Any] = {"epoch": 1, "state": state}
    content["itself"] = content
    return content


LAYOUTS: dict[str, Callable[[State], Any]] = {
    "one prefix": lambda state: under("encoder.", state),
    "several prefixes": lambda state: under("model.backbone.net.", state),
    "compiled, in the middle": lambda state: under("module._orig_mod.model._orig_mod.", state),
    "compiled, inside": lambda s: {name.replace(".", "._orig_mod."): s[name] for name in s},
    "a wrap of any name": lambda state: {"epoch": 3, "generator_weights": {"net": state}},
    "a loss beside": lambda state: state | {"criterion.weight": torch.ones(2)},
    "a loss beside a prefix": lambda s: under("model.", s) | {"loss_fn.pos_weight": torch.ones(1)},
    "counters of operations": lambda state: (
        state | {"total_ops": torch.zeros(1), "0.total_params": torch.zeros(1)}
    ),
    "an optimiser beside": lambda state: {
        "model_state": state,
        "optimizer": {"state": {0: {"exp_avg": torch.ones(4, 3, 3, 3)}}, "param_groups": []},
    },
    "arguments": lambda state: {"args": Namespace(lr=0.1, out=Path("x")), "params": state},
    "numpy's numbers": lambda state: {
        "best": np.float64(0.5),
        "epoch": np.int64(3),
        "last": np.bool_(True),
        "model": state,
    },
    "averages, as timm chooses": lambda s: {"state_dict": other(s), "state_dict_ema": s},
    "averages under a prefix": lambda s: under("net.", other(s)) | under("ema.module.", s),
    "one twice": lambda state: {"state_dict": state, "model": dict(state)},
    "itself inside": cycle,
    "half precision": lambda s: {n: v.half() if v.is_floating_point() else v for n, v in s.items()},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_fits_is_found(layout: str, state: State, tmp_path: Path) -> None:
    torch.save(LAYOUTS[layout](state), tmp_path / "weights.pth")
    tolerance = 1e-3 if layout == "half precision" else 0  # its own digits
    torch.testing.assert_close(loaded(tmp_path / "weights.pth"), state, rtol=tolerance, atol=1e-4)


AMBIGUOUS: dict[str, tuple[Callable[[State], Any], str]] = {
    "two dictionaries": (lambda s: {"student": s, "other": other(s)}, "`student`, `other`"),
    "two prefixes": (
        lambda s: under("student.", s) | under("teacher.", other(s)),
        r"`: student.\*`, `: teacher.\*`",
    ),
    "one without a prefix": (
        lambda s: s | under("teacher.", other(s)),
        r"2 different weights that fit Sequential: `the outermost`, `: teacher.\*`",
    ),
    "two averages": (lambda s: {"a_ema": s, "b_ema": other(s)}, "`a_ema`, `b_ema`"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_more_than_one_fit(name: str, state: State, tmp_path: Path) -> None:
    content, match = AMBIGUOUS[name]
    torch.save(content(state), tmp_path / "weights.pt")
    assert_refused(tmp_path / "weights.pt", match)


def test_another_network_with_the_same_names(state: State, tmp_path: Path) -> None:
    """Layers that this network has not may change what the others are for."""
    torch.save(changed(state, norm__weight=torch.ones(4)), tmp_path / "weights.pt")
    assert_refused(tmp_path / "weights.pt", r"1 unexpected \(first: `norm.weight`\)")


def test_names_of_the_network_come_first(tmp_path: Path) -> None:
    """A part may be called as what a trainer keeps beside a network."""
    networks = [nn.Sequential(OrderedDict(metric_fc=nn.Linear(2, 2))) for _ in range(2)]
    save_weights(networks[0], tmp_path / "weights.safetensors")
    load_weights(networks[1], tmp_path / "weights.safetensors")
    torch.testing.assert_close(networks[1].state_dict(), networks[0].state_dict(), rtol=0, atol=0)


def test_other_weights_in_a_checkpoint_of_lightning(state: State, tmp_path: Path) -> None:
    """As its callback for averages keeps the current ones."""
    content = {"state_dict": state, "current_model_state": other(state)}
    torch.save(content | {"pytorch-lightning_version": "2.6"}, tmp_path / "best.ckpt")
    torch.testing.assert_close(loaded(tmp_path / "best.ckpt"), state, rtol=0, atol=0)


def test_many_prefixes_and_long_names_take_no_time(state: State, tmp_path: Path) -> None:
    """A scan of all names for each prefix, or of each part of a name, would not end."""
    # one tensor, as to store many takes long
    foreign = dict.fromkeys((f"{number}.0.bias" for number in range(20_000)), torch.ones(4))
    long = {"a." * 10**6 + "b": torch.ones(1)}
    torch.save(under("model.", state) | foreign | long, tmp_path / "weights.pt")
    torch.testing.assert_close(loaded(tmp_path / "weights.pt"), state, rtol=0, atol=0)


def test_weights_far_down_have_a_short_path(state: State) -> None:
    """The paths of all levels together would fill the memory."""
    content: dict[str, Any] = dict(state)
    for _ in range(5000):
        content = {"a": content}
    ((where, found),) = tables(content)
    assert found == state
    assert where.endswith("/a/a")
    assert len(where) < 300


def test_a_damaged_archive_is_refused(state: State, tmp_path: Path) -> None:
    """Its sums show one other bit in the weights, which torch does not look at."""
    path = tmp_path / "weights.pt"
    torch.save(state, path)
    before = state["3.weight"].numpy().tobytes()
    after = before[:-1] + bytes([before[-1] ^ 1])
    assert path.read_bytes().count(before) == 1
    path.write_bytes(path.read_bytes().replace(before, after))
    assert_refused(path, "is truncated or not a weight file: BadZipFile: Bad CRC-32")


def test_masks_may_be_infinite(tmp_path: Path) -> None:
    networks = [nn.Linear(2, 2) for _ in range(2)]
    for network in networks:
        network.register_buffer("mask", torch.full((2, 2), -torch.inf).triu(1))
    save_weights(networks[0], tmp_path / "weights.safetensors")
    load_weights(networks[1], tmp_path / "weights.safetensors")
    networks[0].get_buffer("mask")[0, 0] = torch.nan
    save_weights(networks[0], tmp_path / "weights.safetensors")
    with pytest.raises(WeightFileError, match=r"`mask` in .* has 1 values that are NaN"):
        load_weights(networks[1], tmp_path / "weights.safetensors")


@pytest.mark.parametrize("length", [0x3C, 0x3C20])
def test_any_length_of_a_header(length: int, tmp_path: Path) -> None:
    """Whose bytes may be those of a web page, as with these lengths."""
    network = nn.Linear(1, 1, bias=False)
    header = b'{"weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}'
    # a header ends in spaces
    size = length if length > len(header) else length + 256
    content = size.to_bytes(8, "little") + header.ljust(size) + struct.pack("<f", 2.0)
    (tmp_path / "weights.safetensors").write_bytes(content)
    load_weights(network, tmp_path / "weights.safetensors")
    assert network.weight.item() == 2


UNSOUND: dict[str, tuple[Callable[[State], State], str]] = {
    "whole numbers": (lambda s: changed(s, **{"0__bias": torch.arange(4)}), "torch.int64"),
    "booleans": (lambda s: changed(s, **{"0__bias": torch.ones(4) > 0}), "torch.bool"),
    "complex numbers": (lambda s: changed(s, **{"0__bias": torch.ones(4) * 1j}), "torch.complex64"),
    "sparse": (lambda s: changed(s, **{"3__bias": torch.ones(2).to_sparse()}), "torch.sparse_coo"),
    "no values": (lambda s: changed(s, **{"3__bias": torch.ones(2, device="meta")}), "on meta"),
    "one value everywhere": (
        lambda s: changed(s, **{"3__bias": torch.ones(1).expand(2)}),
        "`3.bias` in .* is a tensor of torch.float32",
    ),
    "NaN": (
        lambda s: changed(s, **{"3__bias": torch.tensor([0.0, float("nan")])}),
        "`3.bias` in .* has 1 values that are NaN or infinite",
    ),
    "too large": (
        lambda s: changed(s, **{"3__bias": torch.tensor([0.0, 1e300], dtype=torch.float64)}),
        "`3.bias` in .* has 1 values that are NaN or infinite",
    ),
    "negative variances": (
        lambda s: changed(s, **{"1__running_var": -torch.ones(4)}),
        "`1.running_var` in .* has negative variances",
    ),
    "a counter of fractions": (
        lambda s: changed(s, **{"1__num_batches_tracked": torch.tensor(0.5)}),
        "expected torch.int64",
    ),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_what_is_no_weight(name: str, state: State, tmp_path: Path) -> None:
    content, match = UNSOUND[name]
    torch.save(content(state), tmp_path / "weights.pt")
    assert_refused(tmp_path / "weights.pt", match)


BYTES: dict[str, tuple[bytes, str]] = {
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
    "a web page": (b"\n <!DOCTYPE html><html>", "is a web page"),
    "gzip": (b"\x1f\x8b\x08\x00", "compressed by gzip"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", "HDF5"),
    "nothing": (b"", "is truncated"),
}


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("name", BYTES)
def test_what_is_no_weight_file(name: str, suffix: str, tmp_path: Path) -> None:
    content, match = BYTES[name]
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    assert_refused(path, match)


@pytest.mark.parametrize("name", ["weights.SAFETENSORS", "weights.pt", "weights"])
def test_the_format_is_that_of_the_content(name: str, state: State, tmp_path: Path) -> None:
    save_file(state, tmp_path / name)
    torch.testing.assert_close(loaded(tmp_path / name), state, rtol=0, atol=0)
    torch.save(state, tmp_path / "other.safetensors")
    torch.testing.assert_close(loaded(tmp_path / "other.safetensors"), state, rtol=0, atol=0)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights.pt")
    assert_refused(tmp_path / "weights.pt", "but a pipe, socket or device")


def test_an_archive_that_grows_is_not_read(state: State, tmp_path: Path) -> None:
    torch.save(state | {"zeros": torch.zeros(10**6)}, tmp_path / "plain.pt")
    path = tmp_path / "weights.pt"
    with (
        zipfile.ZipFile(tmp_path / "plain.pt") as plain,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for entry in plain.namelist():
            packed.writestr(entry, plain.read(entry))
    assert_refused(path, "would take 40.* when it is read")


@pytest.mark.parametrize(
    "name", ["\x1b[2J\x00\n", "a" * 10**7, "\u202e"], ids=["control", "long", "right to left"]
)
def test_names_are_shown_as_text(name: str, state: State, tmp_path: Path) -> None:
    torch.save(changed(state) | {name: torch.ones(1)}, tmp_path / "weights.pt")
    assert_refused(tmp_path / "weights.pt", "1 unexpected")
    torch.save({name: 1}, tmp_path / "weights.pt")
    assert_refused(tmp_path / "weights.pt", "holds no weights")
    torch.save({name: state, "other": other(state)}, tmp_path / "weights.pt")
    assert_refused(tmp_path / "weights.pt", "2 different weights that fit")


def test_saved_weights_are_as_readable_as_other_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        save_weights(small(), tmp_path / "weights.safetensors")
    finally:
        os.umask(before)
    assert (tmp_path / "weights.safetensors").stat().st_mode & 0o777 == 0o640
