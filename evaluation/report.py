"""The report of a study: data, pictures and one page that opens anywhere."""

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.figure import Figure

from evaluation.results import Results, replace
from evaluation.study import Study

PAGES = Environment(loader=PackageLoader("evaluation", "templates"), autoescape=True)


def write_report(study: Study, settings: dict[str, Any], folder: Path) -> tuple[Results, Path]:
    """Write results.json, results.csv, figures/*.png and index.html; return results and page."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    results = study.results(settings)
    results.write(folder)
    pictures = study.pictures()
    images = {name: _png(figure) for name, figure in pictures.items()}
    for name, image in images.items():
        partial = folder / "figures" / f"{name}.png.part"
        partial.write_bytes(image)
        os.replace(partial, partial.with_suffix(""))
    page = PAGES.get_template("report.html").render(
        results=results,
        summary=study.summary(results),
        pictures={name: base64.b64encode(image).decode() for name, image in images.items()},
        settings=json.dumps(settings, indent=2, default=str),
    )
    replace(folder / "index.html", page)
    _to_tensorboard(study, results, pictures)
    return results, folder / "index.html"


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=130)
    return file.getvalue()


def _to_tensorboard(study: Study, results: Results, pictures: dict[str, Figure]) -> None:
    for logger in study.trainer.loggers:
        if not isinstance(logger, TensorBoardLogger):
            continue
        for number in results.numbers:
            labels = (number.network, number.interpreter, number.part, number.against)
            tag = "/".join([results.study, number.name, *(label for label in labels if label)])
            logger.experiment.add_scalar(tag, number.value)
        for name, figure in pictures.items():
            logger.experiment.add_figure(f"{results.study}/{name}", figure)
        logger.finalize("success")
