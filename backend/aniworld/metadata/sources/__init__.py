"""Metadata services: one API a file."""
