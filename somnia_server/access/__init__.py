"""Who may: who asks, and the gate that denies by default."""

from somnia_server.access.gate import init_access
from somnia_server.access.permissions import Action, ForbiddenError, may, require
from somnia_server.access.visitor import actor_from_cookies, actor_known, actor_now

__all__ = ["Action", "ForbiddenError", "actor_from_cookies", "actor_known", "actor_now", "init_access", "may", "require"]
