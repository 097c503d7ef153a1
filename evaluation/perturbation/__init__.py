"""Area over the perturbation curve (Samek et al. 2017)."""
