"""Numbers of any size under a distribution that learns: how many bits they have as a symbol, then the bits."""

from somnia_engine.errors import PacketError
from somnia_engine.packet.rans import BROKEN, Adaptive, Coder

CLASSES = 33


class Numbers:
    """Codes numbers from 0 to 2^32 - 2; one for each sort of number, so that each learns its own sizes."""

    def __init__(self, contexts: int = 1) -> None:
        self._sizes = Adaptive(CLASSES, contexts)

    def code(self, coder: Coder, value: int, *, context: int = 0) -> int:
        """Write or read one number."""
        size = coder.symbol((value + 1).bit_length() - 1, self._sizes, context=context)
        return ((1 << size) | coder.bits((value + 1) & ((1 << size) - 1), size)) - 1

    def code_signed(self, coder: Coder, value: int) -> int:
        """Write or read a number of either sign: 0, -1, 1, -2 … stand as 0, 1, 2, 3 and so on."""
        folded = self.code(coder, 2 * value if value >= 0 else -2 * value - 1)
        return folded // 2 if folded % 2 == 0 else -(folded // 2) - 1


def bounded(value: int, most: int) -> int:
    """Return a number that a packet may hold; PacketError when it is larger than `most`."""
    if not 0 <= value <= most:
        raise PacketError(BROKEN)
    return value


def text(coder: Coder, value: str, *, longest: int) -> str:
    """Write or read a text of at most `longest` bytes of UTF-8."""
    content = value.encode()
    count = bounded(coder.bits(len(content), 6), longest)
    read = bytes(coder.bits(content[i] if i < len(content) else 0, 8) for i in range(count))
    try:
        return read.decode()
    except UnicodeDecodeError as error:
        raise PacketError(BROKEN) from error
