"""Options of the tests; the fixtures are in shared_fixtures.py."""

import gc

import pytest

# what is imported and collected stays: the garbage collector would go through it again and again
gc.disable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-docs",
        action="store_true",
        help="write the tables of docs/ instead of checking them",
    )


def pytest_configure(config: pytest.Config) -> None:
    # xdist's controller runs no test, and to import torch, timm and Lightning takes long
    if hasattr(config, "workerinput") or config.getoption("dist", "no") == "no":
        config.pluginmanager.import_plugin("shared_fixtures")


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    # else what is imported is reported as leaked at the end
    gc.unfreeze()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--write-docs"):
        import families_table
        import odd_table

        reports = terminalreporter.stats.get("passed", [])
        for key, table in (("pair", families_table), ("odd", odd_table)):
            found = [dict(report.user_properties).get(key) for report in reports]
            if outcomes := [outcome for outcome in found if outcome is not None]:
                table.write(outcomes)
