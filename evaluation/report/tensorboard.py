"""The measurements and pictures of a report in TensorBoard."""

import io
from collections import Counter
from collections.abc import Sequence

import numpy as np
from lightning.pytorch.loggers import TensorBoardLogger
from PIL import Image

from evaluation.report.drawing import Drawn
from evaluation.results import Results
from evaluation.slugs import slug


def log(results: Results, pictures: Sequence[Drawn], logger: TensorBoardLogger) -> None:
    """Log every measurement but those of single classes, and every picture."""
    finals: dict[str, float] = {}
    points: Counter[str] = Counter()
    for found in results.measurements:
        if found.label is not None:
            continue
        tag = "/".join([results.study, *(slug([part]) for part in found.key)])
        # a step is a whole number, as the positions of a curve are not
        step = None if found.x is None else points[tag]
        points[tag] += 1
        logger.experiment.add_scalar(tag, found.value, step)
        # of a curve the last point, by a name of its own, as it is no further point
        finals[tag if found.x is None else f"{tag}/last"] = found.value
    # so that runs can be sorted by what they measured
    logger.log_hyperparams(results.settings.get("model", {}), finals)
    for picture in pictures:
        pixels = np.asarray(Image.open(io.BytesIO(picture.png)))
        logger.experiment.add_image(f"{results.study}/{picture.file}", pixels, dataformats="HWC")
    logger.finalize("success")
