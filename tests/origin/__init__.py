"""An origin server that misbehaves on demand; see :class:`tests.origin.server.Origin`."""

from tests.origin.faults import Body, Fault, html_page
from tests.origin.server import Origin, Request

__all__ = ["Body", "Fault", "Origin", "Request", "html_page"]
