"""Who may: the visitor's cookie and the gate that denies by default."""

from somnia_server.access.gate import init_access
from somnia_server.access.visitor import owner_from_cookie, owner_now

__all__ = ["init_access", "owner_from_cookie", "owner_now"]
