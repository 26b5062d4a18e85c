"""The fence around the locked room: what its process may still do once it is put up, for itself and for whatever it starts.

Landlock (Linux 5.13 and later, no privilege needed) leaves the process the program, its libraries and the folder of its job: the
key, the database, others' files and other processes' memory are out of reach even for code that a hostile file has got to run.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from somnia_server.settings import PROJECT

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWNET = 0x40000000
CAPABILITIES = struct.pack("II", 0x20080522, 0)
ASK_VERSION, PATH_BENEATH = 1, 1
WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14
OF_FILES = 1 | WRITE_FILE | READ_FILE | TRUNCATE
"""The rights that a rule for a single file may name."""
READ = READ_FILE | READ_DIR
MAKE = WRITE_FILE | TRUNCATE | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8
"""Write, cut, remove and make files and folders."""
SYSTEM = (
    *("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf", "/dev/urandom", "/dev/zero"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu"),
)
"""What libraries read; not the rest of /etc, where a key may lie, nor other processes under /proc."""
PROGRAM = ("somnia_engine", "somnia_server", "models", "data")


def put_up(folders: Iterable[Path]) -> bool:
    """Shut this process in: no new privileges, no capabilities, no network, no files but its own; whether the kernel knows Landlock."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.unshare(CLONE_NEWNET)  # where the system allows it; Landlock refuses TCP besides, from Linux 6.7 on
    version = libc.syscall(CREATE_RULESET, None, 0, ASK_VERSION)
    if version > 0:
        _restrict(libc, version, folders)
    libc.capset(CAPABILITIES, bytes(24))
    return bool(version > 0)


def _restrict(libc: ctypes.CDLL, version: int, folders: Iterable[Path]) -> None:
    files = (1 << 13) - 1 | (1 << 13 if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0) | (1 << 15 if version >= 5 else 0)
    attributes = struct.pack("QQQ", files, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    ruleset = libc.syscall(CREATE_RULESET, attributes, 24 if version >= 6 else 16 if version >= 4 else 8, 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "the fence could not be put up")
    readable = [*SYSTEM, sys.prefix, sys.base_prefix, *(str(PROJECT / name) for name in PROGRAM)]
    rules = [(Path(name), READ) for name in readable] + [(PROJECT, READ_DIR), (Path("/dev/null"), READ_FILE | WRITE_FILE)]
    for path, rights in [*rules, *((folder, READ | MAKE) for folder in folders)]:
        _allow(libc, ruleset, path, rights & files)
    if libc.syscall(RESTRICT_SELF, ruleset, 0):
        raise OSError(ctypes.get_errno(), "the fence could not be put up")
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be read
    rule = struct.pack("=Qi", rights if path.is_dir() else rights & OF_FILES, place)
    failed = libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0)
    os.close(place)
    if failed:
        raise OSError(ctypes.get_errno(), "a part of the fence could not be put up")
