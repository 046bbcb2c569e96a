"""Aniworld: keeps an anime library whole."""

__version__ = "0.1.0"
