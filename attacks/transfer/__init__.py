"""Transferable attacks, whose images also change the predictions of other networks."""

from attacks.transfer.base import TransferAttack
from attacks.transfer.blocks import SIA
from attacks.transfer.integrated import MIG
from attacks.transfer.iterative import BIM, DIFGSM, MIFGSM, TIFGSM
from attacks.transfer.neighbours import GRA, PGN, VMIFGSM
from attacks.transfer.neurons import NAA
from attacks.transfer.objectives import (
    cross_entropy,
    cross_entropy_of_softmax,
    lost_logit,
    lost_probability,
)
from attacks.transfer.scales import SINIFGSM
from attacks.transfer.spectrum import SSA
from attacks.transfer.transformations import Diversity, Smoothing

__all__ = [
    "BIM",
    "DIFGSM",
    "GRA",
    "MIFGSM",
    "MIG",
    "NAA",
    "PGN",
    "SIA",
    "SINIFGSM",
    "SSA",
    "TIFGSM",
    "VMIFGSM",
    "Diversity",
    "Smoothing",
    "TransferAttack",
    "cross_entropy",
    "cross_entropy_of_softmax",
    "lost_logit",
    "lost_probability",
]
