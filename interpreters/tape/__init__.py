"""What a forward pass did, call by call, and walks back through it."""

from interpreters.tape.attention import ATTENTION
from interpreters.tape.calls import Call, TapeError, dimension_of, only_input, read, tensors
from interpreters.tape.recording import Recording, record
from interpreters.tape.walk import pulled_back, walk

__all__ = [
    "ATTENTION",
    "Call",
    "Recording",
    "TapeError",
    "dimension_of",
    "only_input",
    "pulled_back",
    "read",
    "record",
    "tensors",
    "walk",
]
