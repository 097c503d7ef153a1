"""Evaluate networks and write a report with pictures: python evaluate.py --config ..."""

import json
from pathlib import Path

from lightning.pytorch.cli import LightningArgumentParser
from rich.console import Console
from rich.table import Table

from command_line import CommandLine
from evaluation import Study
from evaluation.report import prepare, write_report


class StudyCommandLine(CommandLine):
    """A study, whose report lies in the run's folder."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add what may happen to an earlier report."""
        super().add_arguments_to_parser(parser)
        text = "Write over an earlier report."
        parser.add_argument("--overwrite", type=bool, default=False, help=text)

    def before_instantiate_classes(self) -> None:
        """Refuse a folder that no report can be written to, before anything is loaded."""
        prepare(Path(self.config.run) / "report", self.config.overwrite)


def main(args: list[str] | None = None) -> None:
    """Run the study on any number of devices; the first process writes the report and prints it."""
    command = StudyCommandLine(Study, run=False, save_config_callback=None, args=args)
    folder = Path(command.config.run) / "report"
    command.trainer.test(command.model, command.datamodule)
    if not command.trainer.is_global_zero:
        return
    settings = json.loads(command.parser.dump(command.config, format="json"))
    results, page = write_report(command.model, settings, folder)
    header, *rows = command.model.summary(results)
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    Console().print(*command.model.sentences(results), table, f"report: {page}", sep="\n")


if __name__ == "__main__":
    main()
