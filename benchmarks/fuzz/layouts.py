"""Places in a file in which people keep weights."""

from argparse import Namespace
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor

State = dict[str, Tensor]
PREFIXES = "model.", "net.", "network.", "backbone.", "encoder.", "module.", "_orig_mod."
WRAPS = "state_dict", "model", "net", "network", "params", "model_state", "weights", "teacher"


def laid_out(state: State, random: Random, single: bool = False) -> tuple[str, Any]:
    """Return weights as a trainer saves them, alone if `single`, and the name of the layout."""
    layout = random.choice(SINGLE if single else (*SINGLE, averaged))
    return layout.__name__, layout(prefixed(state, random), random)


def prefixed(state: State, random: Random) -> State:
    """Put up to three wrappers' names before those of the weights."""
    prefix = "".join(random.choices(PREFIXES, k=random.randint(0, 3)))
    return {prefix + name: value for name, value in state.items()}


def plain(state: State, _: Random) -> State:
    """Return the weights alone."""
    return state


def ordered(state: State, _: Random) -> OrderedDict[str, Tensor]:
    """Return the weights as a module gives them, with versions of its parts."""
    found = OrderedDict(state)
    found._metadata = {"": {"version": 1}}  # type: ignore[attr-defined]  # as torch sets it
    return found


def wrapped(state: State, random: Random) -> dict[str, Any]:
    """Return the weights in dictionaries, beside what trainers keep."""
    found: dict[str, Any] = state
    for _ in range(random.randint(1, 3)):
        found = {
            "epoch": random.randint(0, 99),
            "args": Namespace(lr=0.1, out=Path("runs"), inner=Namespace(a=[1, 2])),
            "best": np.float64(0.5),
            "optimizer": {"state": {0: {"exp_avg": torch.ones(4)}}, "param_groups": [{"lr": 0.1}]},
            random.choice(WRAPS): found,
        }
    return found


def lightning(state: State, _: Random) -> dict[str, Any]:
    """Return a checkpoint as Lightning writes it."""
    return {
        "epoch": 3,
        "global_step": 12,
        "pytorch-lightning_version": "2.6.0",
        "state_dict": state,
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_path": "/x"}},
        "optimizer_states": [{"state": {}, "param_groups": []}],
        "lr_schedulers": [],
        "hyper_parameters": {"class_path": "this.That", "loss_weight": 999},
    }


def averaged(state: State, _: Random) -> dict[str, Any]:
    """Return averages of weights beside others, of which the averages are meant."""
    others = {name: value + 1 for name, value in state.items()}
    return {"state_dict": others, "state_dict_ema": state}


def beside_a_loss(state: State, _: Random) -> State:
    """Return weights beside those of a loss, and counters of operations."""
    return state | {"criterion.weight": torch.ones(2), "total_ops": torch.zeros(1)}


def cyclic(state: State, _: Random) -> dict[str, Any]:
    """Return a dictionary that holds itself."""
    found: dict[str, Any] = {"state_dict": state, "others": []}
    found["itself"] = found
    found["others"].append(found)
    return found


def deep(state: State, random: Random) -> dict[str, Any]:
    """Return weights far down."""
    found: dict[str, Any] = dict(state)
    for _ in range(random.choice((10, 100))):
        found = {"a": found}
    return found


def shared(state: State, _: Random) -> dict[str, Any]:
    """Return dictionaries that hold the same one twice, whose paths double with each."""
    found: dict[str, Any] = dict(state)
    for level in range(40):
        found = {"a": found, "b": found, "level": level}
    return found


Layout = Callable[[State, Random], Any]
SINGLE: tuple[Layout, ...] = (
    plain,
    ordered,
    wrapped,
    lightning,
    beside_a_loss,
    cyclic,
    deep,
    shared,
)
