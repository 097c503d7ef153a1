"""Values that depend on the pixels in a way that no derivative shows."""

from collections.abc import Sequence
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from interpreters.tape.calls import TapeError
from interpreters.tape.names import CONSTANTS, NUMBERS


class Lost:
    """Masks, indices, complex and detached tensors that calls make of activations.

    Args:
        gates: Whether all of them but complex ones count as constants, as in a derivative.
    """

    def __init__(self, gates: bool) -> None:
        self.gates = gates
        self._values: WeakValueDictionary[int, Tensor] = WeakValueDictionary()
        self._made_by: dict[int, str] = {}

    def check(self, name: str, given: Sequence[Tensor], active: bool) -> None:
        """Raise TapeError if a call reads activations, or what is lost of them, into Python."""
        if name in NUMBERS and (active or self._maker(given)):
            raise TapeError(f"`{name}` reads activations as numbers, which no tape can follow")

    def follow(
        self, name: str, given: Sequence[Tensor], active: bool, made: Sequence[Tensor]
    ) -> bool:
        """Return whether a call cuts its results off the activations that it reads.

        Args:
            name: the function's.
            given: the tensors that it reads.
            active: whether activations are among them.
            made: the tensors that it returns.

        Raises: TapeError: the call makes activations of something lost.
        """
        maker = self._maker(given)
        if name in CONSTANTS or not (active or maker):
            return False
        if maker and (name == "__setitem__" or any(map(torch.is_floating_point, made))):
            raise TapeError(
                f"`{name}` reads what `{maker}` made of activations, through which no difference "
                "and no relevance can be followed"
            )
        # a tape runs with grad mode, unless the network itself turns it off
        cut = name == "detach" or not torch.is_grad_enabled()
        for value in made:
            if value.is_complex() or (not self.gates and (cut or not value.is_floating_point())):
                self._values[id(value)], self._made_by[id(value)] = value, name
        return cut

    def holds(self, value: Tensor) -> bool:
        """Return True for a tensor that was made of activations without a derivative."""
        return id(value) in self._values

    def _maker(self, given: Sequence[Tensor]) -> str:
        """Return the name of the call that made the first lost tensor, "" if none is lost."""
        return next((self._made_by[id(value)] for value in filter(self.holds, given)), "")
