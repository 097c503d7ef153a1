"""Attacks: changes of images, too small to see, that raise what an attack is after."""

from attacks.balls import L2, Ball, LInf
from attacks.base import Attack
from attacks.pgd import PGD, Divergence, divergence

__all__ = ["L2", "PGD", "Attack", "Ball", "Divergence", "LInf", "divergence"]
