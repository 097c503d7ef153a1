import torch
from conftest import tiny_network as _tiny
from networks import NormalizedNetwork


def tiny_network(classes: int = 12, checkpoint: str | None = None, seed: int | None = None) -> NormalizedNetwork:
    if seed is None:
        return _tiny(classes, checkpoint)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return _tiny(classes, checkpoint)
