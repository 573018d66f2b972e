"""Whether the process that started a server still runs."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    # `os.kill` would end the process there.
    def is_running(pid: int) -> bool:
        """Tell whether a process has not ended."""
        import ctypes  # noqa: PLC0415  (start-up)

        synchronize, denied, ended = 0x00100000, 5, 0
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = ctypes.c_void_p(kernel.OpenProcess(synchronize, 0, pid))
        if not handle:
            return ctypes.get_last_error() == denied
        try:
            return bool(kernel.WaitForSingleObject(handle, 0) != ended)
        finally:
            kernel.CloseHandle(handle)

else:

    def is_running(pid: int) -> bool:
        """Tell whether a process has not ended."""
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True
