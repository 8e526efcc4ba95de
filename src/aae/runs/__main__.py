"""Run grids without DVC: fill the store and write the rows of studies; or prune the store.

Usage: python -m aae.runs NAME [NAME ...]      studies, by the names of their folders in studies/
       python -m aae.runs --prune [--dry]      remove results that no settings here want any more
In the folder of params.yaml.
"""

import argparse
import signal
import sys
from pathlib import Path

from aae.runs import rows
from aae.runs.grid import ImagesByRun, Wanted, fill, wanted
from aae.runs.store import Store, locate, say
from aae.settings.params import GridSettings, Params, Run, parse_params, parse_study
from aae.system.errors import UserError

ROOT = Path()
DATA = Path("data")


def main() -> None:
    """Do what the command line says; an error ends in one line on stderr and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m aae.runs", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(studies())}")
    parser.add_argument("--prune", action="store_true", help="remove results that no settings want any more")
    parser.add_argument("--dry", action="store_true", help="with --prune: only say what would go")
    options = parser.parse_args()
    if options.prune and options.names:
        parser.error("--prune takes no NAME: it keeps what any settings here want")
    if options.dry and not options.prune:
        parser.error("--dry goes with --prune alone")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        store = locate(ROOT)
        if options.prune:
            prune(store, options.dry)
        elif options.names:
            run(options.names, store)
        else:
            parser.print_help()
    except UserError as error:
        sys.exit(f"runs: {error}")
    except OSError as error:  # A full disk, a read-only folder, a file in the way.
        sys.exit(f"runs: {error.filename or 'a file'}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit("runs: interrupted; runs that finished are kept")


def studies() -> list[str]:
    """The names of all studies."""
    return sorted(path.parent.name for path in ROOT.glob("studies/*/params.yaml"))


def run(names: list[str], store: Store) -> None:
    """Fill the store with the runs of studies, all side by side, and write the rows of each."""
    if unknown := set(names) - set(studies()):
        raise UserError(f"no study {', '.join(sorted(unknown))}; allowed: {', '.join(studies())}")
    params = read_params()
    grids = {name: read_study(name) for name in names}
    images = ImagesByRun(DATA)
    distinct: dict[str, Wanted] = {}
    for name, grid in grids.items():
        runs = [Run(f"{name}: {variant}", config) for variant, config in params.runs(grid)]
        distinct |= {each.key: each for each in wanted(runs, images, grid.measures)}
    earlier = {name: rows.read(ROOT / "studies" / name) for name in names}
    known = [row for files in earlier.values() for row in files.rows]
    fill(", ".join(names), list(distinct.values()), images, store, known)
    for name, grid in grids.items():
        folder = ROOT / "studies" / name
        rows.write(rows.make(name, params, grid, DATA, store, earlier[name]), folder)
        say(f"wrote {folder}/{rows.RUNS}, {rows.CURVES} and {rows.PICTURES}")


def prune(store: Store, dry: bool) -> None:
    """Remove from the store what the base run, the ablation and the studies do not want."""
    params = read_params()
    images = ImagesByRun(DATA)
    grids: list[GridSettings] = [params.ablation, *(read_study(name) for name in studies())]
    keys: set[str] = set()
    for grid in grids:
        for each in wanted(params.runs(grid), images, grid.measures):
            keys |= {each.training_key, each.key}
    (base,) = wanted([Run("base", params.base())], images)
    count, size = store.prune(keys | {base.training_key, base.key}, dry)
    say(f"{'would remove' if dry else 'removed'} {count} results, {size / 1e9:.1f} GB, from {store.folder}")


def read_params() -> Params:
    """The settings of this folder."""
    try:
        return parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError("there is no params.yaml here; run this in the project's folder") from None


def read_study(name: str) -> GridSettings:
    """The settings of a study."""
    try:
        return parse_study((ROOT / "studies" / name / "params.yaml").read_text(encoding="utf-8"))
    except UserError as error:
        raise UserError(f"studies/{name}/{error}") from None


if __name__ == "__main__":
    main()
