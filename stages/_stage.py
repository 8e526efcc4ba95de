"""What every stage starts with: this copy's own library, an end with its parent, errors in one line."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The library beside this script, never an installed one: `dvc exp run --temp` and the queue run
# in a copy of the tree, and must run the copy's code.
sys.path.insert(0, str(ROOT / "src"))

from aae.errors import UserError  # noqa: E402

PR_SET_PDEATHSIG = 1


def run(main: Callable[[], None]) -> None:
    """Run a stage; what the user can mend ends in one line on stderr and exit code 1."""
    if "DVC_STAGE" in os.environ:
        _die_with_parent()
    try:
        main()
    except UserError as error:
        _fail(str(error))
    except OSError as error:  # A full disk, a read-only folder, a file in the way.
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        _fail("interrupted")


def _fail(line: str) -> None:
    name = os.environ.get("DVC_STAGE", Path(sys.argv[0]).stem)
    sys.exit(f"{name}: {line}")


def _die_with_parent() -> None:
    """Ask Linux to end this stage when dvc dies, lest an orphan and the next `dvc repro` both write."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1:  # The parent died before the line above.
            sys.exit(1)
