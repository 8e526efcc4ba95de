"""How the fit went over training, a row an epoch."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from aae.measure.distances import sliced_w2
from aae.measure.divergence import marginal_kl
from aae.measure.probe import jensen_shannon
from aae.model.priors import Prior


def training_curves(
    history: pd.DataFrame, epoch_codes: Mapping[str, np.ndarray], prior: Prior, labels: int = 0
) -> pd.DataFrame:
    """The losses and what the codes of each epoch say of the fit.

    Args:
        history: the run's losses, a row an epoch.
        epoch_codes: what `train` recorded: "evaluation 000001", "training 000001" and so on, (n, dim).
        prior: the distribution that codes should follow.
        labels: with any the discriminator tells pairs of code and label, so that its loss is of no
            divergence between codes and prior.

    Returns:
        The history with the columns kl and sliced_w2 of the evaluation codes, kl_training and probe_jsd of
        the training codes, and discriminator_jsd, what the training discriminator's loss implies, where
        there is one; divergences in nats.
    """
    evaluation, training = (
        [epoch_codes[name] for name in sorted(epoch_codes) if name.startswith(kind)]
        for kind in ("evaluation ", "training ")
    )
    curves = history.assign(
        kl=[marginal_kl(z, prior) for z in evaluation],
        kl_training=[marginal_kl(z, prior) for z in training],
        sliced_w2=[sliced_w2(z, prior) for z in evaluation],
        probe_jsd=[jensen_shannon(z, prior) for z in training],
    )
    if "discriminator_loss" in history and not labels:
        curves["discriminator_jsd"] = np.log(2) - history["discriminator_loss"]
    return curves
