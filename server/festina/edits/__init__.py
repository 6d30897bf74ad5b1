"""Edits: whole-line rewrites of a region, and how they survive the file changing."""
