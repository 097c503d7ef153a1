"""Success of attacks on networks that they were not made for (Dong et al. 2018)."""
