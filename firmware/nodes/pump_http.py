"""The pump node for a server that is reached by HTTP only: the same rules, and the seq echoed is the poll's."""

from core.http_link import HttpLink
from nodes.pump import PumpNode


class PumpHttpNode(PumpNode):
    """Polls a little more often than servers close an idle connection (5 s by default of many)."""

    LINK = HttpLink
