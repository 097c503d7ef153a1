"""The scores of the classes at which relevance begins."""

from collections.abc import Sequence

from torch import Tensor

from interpreters.tape import Call
from interpreters.tape.names import SOFTMAXES


def scores(calls: Sequence[Call], logits: Tensor) -> Tensor:
    """Return what a network's last softmax or log_softmax reads; the logits if it has none.

    A softmax makes every class depend on all scores, so that it has no relevance of one class.
    """
    makers = {id(value): call for call in calls for value in call.outputs}
    last = makers.get(id(logits))
    if last is not None and last.name == "flatten":
        last = makers.get(id(last.inputs[0]))
    return logits if last is None or last.name not in SOFTMAXES else last.inputs[0]
