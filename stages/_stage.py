"""Start of every stage: this copy's own library, an end with its parent, errors in one line.

To be imported before what takes seconds (torch, pandas): signals are handled from here on.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
# The library beside this script, never an installed one: `dvc exp run --temp` and the queue run
# in a copy of the tree, and must run the copy's code.
sys.path.insert(0, str(ROOT / "src"))

from aae.system.errors import UserError  # noqa: E402
from aae.system.processes import end_with_parent  # noqa: E402


def run(main: Callable[[], None]) -> None:
    """Run a stage; what the user can mend ends in one line on stderr and exit code 1."""
    try:
        main()
    except UserError as error:
        _fail(str(error))
    except OSError as error:  # A full disk, a read-only folder, a file in the way.
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}")


def say(line: str) -> None:
    """Tell the user something in one line, after the stage's name."""
    print(_named(line), file=sys.stderr, flush=True)


def _named(line: str) -> str:
    return f"{os.environ.get('DVC_STAGE', Path(sys.argv[0]).stem)}: {line}"


def _fail(line: str) -> NoReturn:
    sys.exit(_named(line))


def _interrupted(signum: int, frame: FrameType | None) -> NoReturn:
    _fail("interrupted")  # Unwinds the stack, and so removes what is half-written.


def _die_with_dvc() -> None:
    """End this stage when dvc dies, so that no orphan writes beside the next `dvc repro`.

    Needs dvc as the parent: hence `exec` in the commands of dvc.yaml, as not every shell makes way.
    """
    end_with_parent()
    # Had dvc died before the line above, then the parent would be a stranger. (Not `== 1`: in a container dvc
    # itself can be process 1, and on a desktop orphans go to another.)
    if sys.platform == "linux" and os.getpgid(os.getppid()) != os.getpgrp():
        sys.exit(1)


if Path(sys.argv[0]).resolve().parent == ROOT / "stages":  # A stage runs; not a test that imports one.
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupted)
    if "DVC_STAGE" in os.environ:
        _die_with_dvc()
