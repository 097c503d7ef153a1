"""Attacks: small perturbations of images that change a prediction or its explanation."""

from attacks.any_loss import LossAttack
from attacks.balls import L2, Ball, LInf
from attacks.base import Attack, SteppingAttack
from attacks.heatmap import HeatmapAttack
from attacks.importance import center_of, importance
from attacks.influence import InfluenceAttack, VotingInfluenceAttack
from attacks.mass_center import MassCenterAttack
from attacks.pgd import PGD, Divergence, divergence
from attacks.prediction import PredictionAttack
from attacks.random_sign import RandomSign
from attacks.random_walk import RandomWalk
from attacks.regions import Box, MaskFile, ObjectMask, Region
from attacks.targeted import TargetedAttack
from attacks.top_k import TopKAttack

__all__ = [
    "L2",
    "PGD",
    "Attack",
    "Ball",
    "Box",
    "Divergence",
    "HeatmapAttack",
    "InfluenceAttack",
    "LInf",
    "LossAttack",
    "MaskFile",
    "MassCenterAttack",
    "ObjectMask",
    "PredictionAttack",
    "RandomSign",
    "RandomWalk",
    "Region",
    "SteppingAttack",
    "TargetedAttack",
    "TopKAttack",
    "VotingInfluenceAttack",
    "center_of",
    "divergence",
    "importance",
]
