"""Options of the tests; the fixtures are in shared_fixtures.py."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-docs", action="store_true", help="write docs/families.md instead of checking it"
    )


def pytest_configure(config: pytest.Config) -> None:
    # xdist's controller runs no test, and to import torch, timm and Lightning takes long
    if hasattr(config, "workerinput") or config.getoption("dist", "no") == "no":
        config.pluginmanager.import_plugin("shared_fixtures")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--write-docs"):
        import families_table

        reports = terminalreporter.stats.get("passed", [])
        pairs = [dict(report.user_properties).get("pair") for report in reports]
        families_table.write([pair for pair in pairs if pair is not None])
