"""Festina: verified AI edits in any editor."""

__version__ = "0.1.0"
