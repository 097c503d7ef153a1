"""Images with their heatmaps at every validation."""

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib import rc_context
from torch import Tensor

from lightning_modules.data import data_of, names_of, take
from lightning_modules.manipulation import Manipulation
from lightning_modules.names import utf8
from lightning_modules.pictures import STYLE, panel, rows_of


class HeatmapPanel(Callback):
    """Show images, original heatmaps and manipulated heatmaps in TensorBoard.

    Args:
        images: Number of validation images, spread over the split.
    """

    def __init__(self, images: int = 8) -> None:
        if images < 1:
            raise ValueError(f"`images` must be at least 1, got {images}")
        self.images = images
        self.original: dict[str, Tensor] = {}

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log one panel for each interpreter."""
        loggers = [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
        if not isinstance(pl_module, Manipulation) or not loggers or not trainer.is_global_zero:
            return
        data = pl_module.explained("validation")
        chosen = torch.linspace(0, len(data) - 1, min(self.images, len(data))).long().tolist()
        images, labels, _ = take(data, chosen)
        images, labels = (
            images.to(pl_module.device).type(pl_module.dtype),
            labels.to(pl_module.device),
        )
        titles = [names_of(data_of(trainer), label) for label in labels]
        for name, interpreter in pl_module.interpreters.items():
            if name not in self.original:
                self.original[name] = interpreter(pl_module.original, images, labels).heatmap
            manipulated = interpreter(pl_module.network, images, labels).heatmap
            maps = rows_of({"original": self.original[name], "manipulated": manipulated})
            for logger in loggers:
                with rc_context(STYLE):
                    figure = panel(images, maps, titles)
                    tag = f"heatmaps/{utf8(name)}"
                    logger.experiment.add_figure(tag, figure, trainer.global_step)
