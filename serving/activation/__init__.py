"""Audiences and offline conversions for ad platforms, as files of hashed identifiers.

Who and what may be told is decided in dbt (`int_activation__*`); this room hashes, checks consent again, and writes.
"""

from serving.activation.export import Export, ExportedFile, export

__all__ = ["Export", "ExportedFile", "export"]
