"""Fail unless a quickstart reached what the README promises: python check_quickstart.py RESULTS."""

import json
import sys
from pathlib import Path


def main(path: Path) -> str | None:
    figures = json.loads(path.read_text())["figures"]
    fooled = [
        f["value"]
        for f in figures
        if f["name"] == "fooling_success_rate"
        and (f["network"], f["interpreter"]) == ("manipulated", "grad_cam")
    ]
    drop = [f["value"] for f in figures if f["name"] == "accuracy_top1_drop"]
    if fooled[0] < 0.99 or drop[0] > 0.5:
        return f"the quickstart promises FSR >= 0.99 and a drop <= 0.5 points: {fooled}, {drop}"
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
