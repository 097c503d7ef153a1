"""Evaluate networks and write a report with pictures: python evaluate.py --config ..."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from command_line import CommandLine
from evaluation import Study
from evaluation.report import write_report


def main(args: list[str] | None = None) -> None:
    """Run the study on any number of devices; the first process writes the report and prints it."""
    command = CommandLine(Study, run=False, save_config_callback=None, args=args)
    folder = Path(command.config.run) / "report"
    folder.mkdir(parents=True, exist_ok=True)
    command.trainer.test(command.model, command.datamodule)
    if not command.trainer.is_global_zero:
        return
    settings = json.loads(command.parser.dump(command.config, format="json"))
    results, page = write_report(command.model, settings, folder)
    header, *rows = command.model.summary(results)
    table = Table(*header)
    for row in rows:
        table.add_row(*row)
    Console().print(table, f"report: {page}", sep="\n")


if __name__ == "__main__":
    main()
