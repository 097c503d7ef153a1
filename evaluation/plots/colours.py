"""The colours of networks and groups in all plots."""

ORIGINAL, MANIPULATED, RANDOM = "#4477aa", "#cc6677", "0.5"
BARS = (ORIGINAL, MANIPULATED, "#ddcc77")
