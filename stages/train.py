"""train: train the base autoencoder, or take it from the store."""

import sys

import _stage

from tqdm import tqdm

from _params import DATA, TRAINING, read_params
from aae.runs.grid import ImagesByRun, choose, wanted
from aae.runs.side_by_side import Local
from aae.runs.store import locate
from aae.runs.training import train_run
from aae.settings.params import Run
from aae.system import artifacts


def main() -> None:
    store, images = locate(_stage.ROOT), ImagesByRun(DATA)
    config = read_params().base()
    environment = choose("train", wanted([Run("base run", config)], images), {}, store, Local())
    epochs = config.train.epochs
    with tqdm(total=epochs, unit="epoch", disable=not sys.stderr.isatty()) as bar:

        def show(epoch: int, losses: dict[str, float]) -> None:
            told = {name.removesuffix("_loss"): f"{value:.4f}" for name, value in losses.items()}
            bar.set_postfix(told, refresh=False)
            bar.update(epoch - bar.n)
            if bar.disable:
                print(f"epoch {epoch} of {epochs}: {', '.join(map(' '.join, told.items()))}", flush=True)

        trained = train_run(config, images.of(config), store, environment, show)
    artifacts.copy_folder(trained, TRAINING)
    loss = artifacts.load_table(TRAINING / "history.csv")["reconstruction_loss"].iloc[-1]
    _stage.say(f"wrote data/training; reconstruction loss {loss:.4f} after {epochs} epochs; {environment}")


if __name__ == "__main__":
    _stage.run(main)
