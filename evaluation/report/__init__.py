"""The report of a study: data, tables, pictures, and one page that opens without a network."""

from evaluation.report.folder import PARTIAL, ReportFolderError, prepare
from evaluation.report.write import write_report

__all__ = ["PARTIAL", "ReportFolderError", "prepare", "write_report"]
