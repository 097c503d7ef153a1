"""A console without what says nothing about the run."""

import logging
import warnings

EXPECTED = (
    ".*does not have many workers.*",  # drawn images are in memory already
    ".*your dataloader is not resumable.*",  # ours begins at the trainer's own count of batches
    ".*Checkpoint directory .* exists and is not empty.*",  # a resumed run's own
    ".*was called before the ..update.. method.*",  # composites count for no class
    ".*module.s. in eval mode at the start of training.*",  # fine-tuning keeps BatchNorm as it is
    ".*is smaller than the logging interval.*",  # of a run with a few batches
    ".*LeafSpec.*is deprecated.*",  # Lightning calls torch in an old way
)
# what Lightning logs of itself, and what the table of the run says
SELF = (
    "💡 Tip",
    "GPU available",
    "TPU available",
    "HPU available",
    "Loading `train_dataloader`",
    "Seed set to",
    "`Trainer.fit` stopped",
    "`Trainer.test` stopped",
)
LOGGERS = ("lightning.pytorch.utilities.rank_zero", "lightning.fabric.utilities.seed")


def about_the_run(record: logging.LogRecord) -> bool:
    """Return False for what Lightning logs of itself."""
    return not record.getMessage().startswith(SELF)


def quiet() -> None:
    """Leave adverts, and warnings that are expected, out of the log."""
    for message in EXPECTED:
        warnings.filterwarnings("ignore", message)
    for name in LOGGERS:
        logging.getLogger(name).addFilter(about_the_run)
