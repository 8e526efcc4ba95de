"""Course of the fit over training, a row an epoch."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from aae.measure.distances import sliced_w2
from aae.measure.divergence import marginal_kl
from aae.measure.probe import jensen_shannon
from aae.model.priors.base import Prior

SIGMA = {"sigma_low": 0.05, "sigma_median": 0.5, "sigma_high": 0.95}  # Columns, and quantiles of sigma(x).


def training_curves(
    history: pd.DataFrame, epoch_codes: Mapping[str, np.ndarray], prior: Prior, labels: int = 0
) -> pd.DataFrame:
    """The losses and what the codes of each epoch say of the fit.

    Args:
        history: the run's losses, a row an epoch.
        epoch_codes: of recorded epochs: "evaluation 000001", "training 000001", "sigma 000001" and so on,
            (n, dim); others are left alone.
        prior: the distribution that codes should follow.
        labels: with any the discriminator tells pairs of code and label, so that its loss is of no
            divergence between codes and prior.

    Returns:
        The history of recorded epochs with the columns kl and sliced_w2 of the evaluation codes, kl_training
        and probe_jsd of the training codes, and discriminator_jsd, what the training discriminator's loss
        implies, where there is one; divergences in nats. Where q(z|x) is a Gaussian, quantiles of its
        standard deviation over evaluation images and dimensions, in the prior's: the columns of `SIGMA`.
    """
    evaluation, training, sigma = (
        [epoch_codes[name] for name in sorted(epoch_codes) if re.fullmatch(rf"{kind} \d+", name)]
        for kind in ("evaluation", "training", "sigma")
    )
    recorded = [int(name.split()[1]) for name in epoch_codes if re.fullmatch(r"evaluation \d+", name)]
    history = history[history["epoch"].isin(recorded)].reset_index(drop=True)
    curves = history.assign(
        kl=[marginal_kl(z, prior) for z in evaluation],
        kl_training=[marginal_kl(z, prior) for z in training],
        sliced_w2=[sliced_w2(z, prior) for z in evaluation],
        probe_jsd=[jensen_shannon(z, prior) for z in training],
    )
    if "discriminator_loss" in history and not labels:
        curves["discriminator_jsd"] = np.log(2) - history["discriminator_loss"]
    if sigma:
        for name, share in SIGMA.items():
            curves[name] = [float(np.quantile(each, share)) / prior.std for each in sigma]
    return curves
