"""The pictures of findings, by the names of their files."""

from matplotlib.figure import Figure

from evaluation.findings import Findings
from evaluation.slugs import slug


def drawn(findings: Findings) -> dict[str, Figure]:
    return {slug(picture.name): picture.figure for picture in findings.pictures()}
