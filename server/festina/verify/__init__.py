"""Verification of candidates, away from the working tree."""
