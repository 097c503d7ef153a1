"""The command that runs a study and writes its report with pictures."""

import json
import shutil
from contextlib import ExitStack
from pathlib import Path

from lightning.pytorch.cli import LightningArgumentParser
from rich.console import Console
from rich.table import Column, Table

from evaluation import Study
from evaluation.findings import Findings
from evaluation.report import PARTIAL, prepare, write_report
from evaluation.resume import PartialResults
from trompe.command_line import CommandLine


class StudyCommandLine(CommandLine):
    """A study, whose report lies in the run's folder."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the options for an earlier report, and for a subset of the images."""
        super().add_arguments_to_parser(parser)
        for name, text in (
            ("--overwrite", "Replace an earlier report."),
            ("--resume", "Go on with a study that was stopped."),
        ):
            parser.add_argument(name, type=bool, default=False, help=text)
        text = "Evaluate a class-balanced subset of at most this many test images."
        parser.add_argument("--limit_images", type=int | None, default=None, help=text)

    def before_instantiate_classes(self) -> None:
        """Refuse a folder that no report can be written to, before anything is loaded."""
        self.keep_others_out("evaluate")
        prepare(self.folder, self.config.overwrite, self.config.resume)

    @property
    def folder(self) -> Path:
        """The folder of the report."""
        return Path(self.config.run) / "report"


def main(args: list[str] | None = None) -> None:
    """Run the study on any number of devices; the first process writes the report and prints it."""
    with ExitStack() as stack:
        command = StudyCommandLine(Study, stack, run=False, save_config_callback=None, args=args)
        run(command)


def run(command: StudyCommandLine) -> None:
    """Run a study that is built, and write and print its report."""
    if command.config.limit_images is not None:
        command.datamodule.limit_tested(command.config.limit_images)
    settings = json.loads(command.parser.dump(command.config, format="json"))
    partial = PartialResults(command.folder / PARTIAL, settings, command.config.resume)
    command.trainer.callbacks.append(partial)  # type: ignore[attr-defined]  # Lightning's own list
    command.trainer.test(command.model, command.datamodule)
    if not command.trainer.is_global_zero:
        return
    # Lightning has moved it back to the CPU, where explaining the images to show would take long
    command.model.to(command.trainer.strategy.root_device)
    findings = command.model.findings(settings)
    # names are no markup
    console = Console(markup=False, emoji=False)
    try:
        page = write_report(findings, command.folder, command.trainer.loggers)
    finally:
        # a disk that is full does not hide what was measured
        console.print(*findings.opening(), table_of(findings), sep="\n")
    shutil.rmtree(partial.folder, ignore_errors=True)
    console.print(f"report: {page}")


def table_of(findings: Findings) -> Table:
    """Return the summary of a study as a table for the terminal."""
    header, *rows = findings.summary()
    table = Table(*(Column(title, overflow="fold") for title in header))
    for row in rows:
        table.add_row(*row)
    return table
