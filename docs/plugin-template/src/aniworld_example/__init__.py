"""A source and a hoster for Aniworld, to copy and change."""
