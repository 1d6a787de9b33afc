"""Becomes another program: drops root's rights, ties its own end to its parent's, then execs.

Run as `python -I -S embedded_launcher.py PARENT_PID ACCOUNT PROGRAM ARGUMENT…`, where ACCOUNT is `UID:GID,GID…`
(the first group is the main one) or `-` to stay who it is. A program of its own, because the same steps between fork
and exec of a process that has threads may dead-lock. It imports only the standard library.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # from linux/prctl.h
_WRONG_PARENT = 75  # EX_TEMPFAIL: the parent ended while this program started


def main() -> None:
    parent, account, program = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    os.umask(0o077)
    if account != "-":
        uid, groups = account.split(":")
        gids = [int(gid) for gid in groups.split(",")]
        os.setgroups(gids)
        os.setgid(gids[0])
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After the change of user, which clears it. SIGINT is PostgreSQL's fast stop: it rolls back, writes a
        # checkpoint and ends cleanly, so nothing is left over when the parent was killed.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        sys.exit(_WRONG_PARENT)
    os.execv(program, sys.argv[3:])  # noqa: S606  # an argument list, no shell


if __name__ == "__main__":
    main()
