"""Opening below a folder without following any link."""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
from functools import cache
from pathlib import PurePath

#: Whether this system opens relative to a folder's descriptor.
AVAILABLE = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")

_CLOSED_IN_PROGRAMS = getattr(os, "O_CLOEXEC", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", 0) | _CLOSED_IN_PROGRAMS
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
#: linux/openat2.h; the number is the same on all architectures but alpha.
_SYS_OPENAT2 = 437
_RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 0x02, 0x04, 0x08
_RESOLVE = _RESOLVE_NO_MAGICLINKS | _RESOLVE_NO_SYMLINKS | _RESOLVE_BENEATH


def open_file(root: PurePath, relative: PurePath, flags: int, mode: int) -> int:
    """A descriptor of *relative* below *root*; OSError with ELOOP or EXDEV if a link is there."""
    if not relative.parts:
        return os.open(root, flags | _NO_LINK, mode)
    top = os.open(root, _FOLDER | _NO_LINK)
    try:
        return _open_beneath(top, relative, flags, mode)
    finally:
        os.close(top)


def open_folder(root: PurePath, relative: PurePath) -> int:
    """The same for a folder, to be a `dir_fd`."""
    return open_file(root, relative, _FOLDER, 0)


def _open_beneath(top: int, relative: PurePath, flags: int, mode: int) -> int:
    if has_openat2():
        # The kernel refuses a mode where nothing can be made.
        return _openat2(top, relative, flags, mode if flags & os.O_CREAT else 0)
    return walk(top, relative, flags, mode)


def walk(top: int, relative: PurePath, flags: int, mode: int) -> int:
    """What openat2 does, folder by folder."""
    *folders, name = relative.parts
    at = os.dup(top)
    try:
        for folder in folders:
            below = _open_one(at, folder, _FOLDER, 0)
            os.close(at)
            at = below
        return _open_one(at, name, flags, mode)
    finally:
        os.close(at)


def _open_one(at: int, name: str, flags: int, mode: int) -> int:
    try:
        return os.open(name, flags | _NO_LINK, mode, dir_fd=at)
    except NotADirectoryError:
        # So is a link where a folder is wanted.
        if stat.S_ISLNK(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        raise


def _openat2(top: int, relative: PurePath, flags: int, mode: int) -> int:
    import ctypes  # noqa: PLC0415 - runs without limits do not pay for it

    libc = ctypes.CDLL(None, use_errno=True)
    how = struct.pack("=QQQ", flags | _CLOSED_IN_PROGRAMS, mode, _RESOLVE)
    while True:
        found: int = libc.syscall(_SYS_OPENAT2, top, os.fsencode(relative), how, len(how))
        if found >= 0:
            return found
        code = ctypes.get_errno()
        # EAGAIN: something was renamed meanwhile, and the kernel could not be sure.
        if code not in (errno.EINTR, errno.EAGAIN):
            raise OSError(code, os.strerror(code))


@cache
def has_openat2() -> bool:
    """Whether the kernel has it, and no filter of system calls hides it."""
    if sys.platform != "linux":
        return False
    here = os.open("/", _FOLDER)
    try:
        os.close(_openat2(here, PurePath(), _FOLDER, 0))
    except OSError:
        return False
    finally:
        os.close(here)
    return True
