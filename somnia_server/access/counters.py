"""Where tries are counted: in one place, or in Redis, and in another place while Redis does not answer; never nowhere."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import RedisStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from somnia_server import egress
from somnia_server.store.tries import Tries, give_back

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE_S = 0.3
"""How long Redis may take to answer [s]: a request asks it a few times, and is to be answered within 3 s."""
REST_S = 5.0
"""How long it is left alone after it did not answer: else each request would wait for it [s]."""
BOTH_S = 900.0
"""How long tries are counted in both places after that [s]: Redis may have come back without what it had counted."""


@dataclass(slots=True)
class Counters:
    """A limiter over the place that is always there, and one over Redis where there is one."""

    here: MovingWindowRateLimiter
    redis: MovingWindowRateLimiter | None = None
    rests_until: float = 0.0
    both_until: float = 0.0

    def hit(self, item: RateLimitItem, name: str, *, cost: int = 1) -> bool:
        """Count a try; False when it is one too many, in either place."""
        return all(self._answers(lambda limiter: limiter.hit(item, name, cost=cost)))

    def open_at(self, item: RateLimitItem, name: str) -> float:
        """Return from when on a try passes again [s since 1970]."""
        return max(self._answers(lambda limiter: float(limiter.get_window_stats(item, name).reset_time)))

    def left(self, item: RateLimitItem, name: str) -> int:
        """Return how much passes yet, as the place says that counts most."""
        return min(self._answers(lambda limiter: int(limiter.get_window_stats(item, name).remaining)))

    def give_back(self, item: RateLimitItem, name: str) -> None:
        """Take back one try."""
        list(self._answers(lambda limiter: _give_back(limiter, item.key_for(name))))

    def clear(self, item: RateLimitItem, name: str) -> None:
        """Forget what was tried."""
        list(self._answers(lambda limiter: limiter.clear(item, name)))

    def _answers(self, ask: Callable[[MovingWindowRateLimiter], T]) -> Iterator[T]:
        """Yield what Redis answers, if it does, and what the other place answers when that counts too."""
        if self.redis is not None and time.monotonic() >= self.rests_until:
            try:
                answer = ask(self.redis)
            except StorageError as error:
                log.warning("Redis does not answer (%s): tries are counted elsewhere", type(error.storage_error).__name__)
                self.rests_until = time.monotonic() + REST_S
                self.both_until = time.monotonic() + BOTH_S
            else:
                yield answer
                if time.monotonic() >= self.both_until:
                    return
        yield ask(self.here)


def counters(redis: str, otherwise: str) -> Counters:
    """Return counters over Redis, when an address of it is given, and over another place."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    if redis:
        egress.check("counters")
    patience = {"socket_timeout": PATIENCE_S, "socket_connect_timeout": PATIENCE_S, "retry": Retry(NoBackoff(), 0)}
    return Counters(_limiter(otherwise), _limiter(redis, wrap_exceptions=True, **patience) if redis else None)


def _limiter(address: str, **options: Any) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(storage_from_string(address, **options))


def _give_back(limiter: MovingWindowRateLimiter, key: str) -> None:
    storage = limiter.storage
    if isinstance(storage, Tries):
        give_back(key)
    elif isinstance(storage, RedisStorage):
        try:
            storage.storage.lpop(storage.prefixed_key(key))
        except storage.base_exceptions as error:
            raise StorageError(error) from error
