"""Influence functions: the effect of each training image on a prediction (Koh and Liang 2017)."""

from interpreters.influence.functions import InfluenceFunctions, Influences
from interpreters.influence.head import Head
from interpreters.influence.head_losses import (
    HeadLoss,
    LogisticCrossEntropy,
    SigmoidSquares,
    SoftmaxCrossEntropy,
)
from interpreters.influence.inverse import ConjugateGradient, Exact, Inverse

__all__ = [
    "ConjugateGradient",
    "Exact",
    "Head",
    "HeadLoss",
    "InfluenceFunctions",
    "Influences",
    "Inverse",
    "LogisticCrossEntropy",
    "SigmoidSquares",
    "SoftmaxCrossEntropy",
]
