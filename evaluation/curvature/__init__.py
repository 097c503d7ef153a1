"""The Hessian of the logit in the image (Ghorbani et al. 2019)."""
