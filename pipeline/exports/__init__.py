"""Kept samples in the formats that trainers read: one module a format, listed in `registry`."""

from toolweave.pipeline.exports.write import ExportReport, Options, export

__all__ = ["ExportReport", "Options", "export"]
