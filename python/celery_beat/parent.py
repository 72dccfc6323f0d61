"""The process of a worker that carries a beat."""
import ctypes
import os
import signal
import sys

#: From <linux/prctl.h>: the signal that the process gets when its parent ends. It outlasts `exec`.
PR_SET_PDEATHSIG = 1


def end_with_parent():
    """Has beat stop when its worker ends in any way, `kill -9` included.

    Linux alone can do that. Elsewhere a worker that is killed leaves its beat behind, which goes on under its lock.
    """
    if not sys.platform.startswith('linux'):
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # It may have ended before the call.
    if os.getppid() != parent:
        os._exit(1)


def stop_parent():
    """Has the worker finish its tasks and stop."""
    os.kill(os.getppid(), signal.SIGTERM)
