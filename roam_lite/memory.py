"""Keep freed memory in the process: fresh pages cost more than the arithmetic on them."""

import ctypes
import platform

# Names and numbers of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Tell the C library to reuse large blocks instead of returning them; return whether it can.

    Training and tracking allocate the same large tensors at every step. By default glibc maps each one
    again and the kernel clears its pages, which can take longer than the arithmetic (`roam-lite bench
    training` prints the ratio). Without glibc there is nothing to set, and False is returned.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_TOP_PAD, 64 * 2**20))
    return all([mallopt(name, value) == 1 for name, value in settings])
