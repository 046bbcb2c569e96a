"""Logging: one line a record, whatever a stranger put into it."""

import logging
import re
import sys

_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LONGEST = 8000
_NOISY = ("httpx", "httpcore", "asyncio", "aiosqlite", "alembic", "sqlalchemy.engine", "PIL")


class LineFormatter(logging.Formatter):
    """Escapes control and direction characters, so that nobody else's text can forge a record."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows indented."""
        text = super().format(record)
        escaped = _UNSAFE.sub(lambda match: f"\\x{ord(match.group()):02x}", text)
        return escaped[:_LONGEST].replace("\n", "\n    ")


def set_up(level: str) -> None:
    """Log to standard error from ``level`` on; libraries only speak of what is wrong."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def set_level(level: str) -> None:
    """Change the level while the program runs."""
    logging.getLogger().setLevel(level.upper())
