"""A whole sound heard in one pass: level, classes and band envelopes of every second, whatever the size of the blocks."""

from somnia_engine.hearing.listener import Heard, hear, hear_file, level_db

__all__ = ["Heard", "hear", "hear_file", "level_db"]
