"""The numbers of a run: the one place that says how tables, figures and pages show them.

To add one, measure it in `aae.measure.evaluation` under its name, and enter it here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TEST, TRAINING, ALL, IMAGES = "test codes", "training codes", "all codes", "test images"


@dataclass(frozen=True)
class Measure:
    """A number of a run."""

    title: str
    of: str
    """Codes or images that it is measured on. ("test" stands for validation where that is asked for.)"""
    unit: str = ""
    form: str = ".3f"
    """Format of its mean in tables and sentences."""
    margin: str | None = None
    """The setting (`ablation.margins`) that says which difference between encoders is none."""
    null: tuple[str, ...] = ()
    """Keys to it in null distributions; empty where prior samples have no such number."""

    @property
    def label(self) -> str:
        """For an axis or the head of a column."""
        return ", ".join(filter(None, (self.title, self.of, self.unit)))

    def band(self, null: Mapping[str, Any]) -> Mapping[str, float]:
        """Its null distribution: mean, std, low, high; empty where there is none."""
        found: Any = null if self.null else {}
        for key in self.null:
            found = found.get(key, {})
        return found


KL, W2, SIGMA = "KL(q || p)", "sliced W2", "sigma(x)"
STD = "std of p(z)"
LIKELIHOOD = "log-likelihood of test images"
NEAREST, RETURN = "distance to the nearest training image", "|E(D(z)) - z|"
MEASURES: dict[str, Measure] = {
    "reconstruction_error": Measure("squared error a pixel", IMAGES, form=".4f"),
    "training_error": Measure("squared error a pixel", "training images", form=".4f"),
    "neighbour_accuracy": Measure("neighbour accuracy", IMAGES),
    "component_accuracy": Measure("component accuracy", IMAGES),
    "stray": Measure("codes beyond 4 standard deviations of any component", TEST, form=".1%"),
    "weights_misfit": Measure("total variation of the components' weights", TEST),
    "kl_within": Measure(f"{KL} within components", TEST, "nats"),
    "kl": Measure(KL, TEST, "nats", margin="kl", null=("raw", "kl")),
    "sliced_w2": Measure(W2, TEST, STD, margin="sliced_w2", null=("raw", "sliced_w2")),
    "sliced_w2_excess": Measure(f"excess {W2}", TEST, STD),
    "sliced_w2_low": Measure(f"{W2}, bootstrap interval from", TEST, STD),
    "sliced_w2_high": Measure(f"{W2}, bootstrap interval to", TEST, STD),
    "c2st_accuracy": Measure("C2ST accuracy", TEST, null=("raw", "c2st_accuracy")),
    "holes": Measure("holes", TEST, null=("raw", "holes")),
    "ks_radius": Measure("KS, radius", TEST, null=("raw", "ks_radius")),
    "outside": Measure("outside p's support", TEST, null=("raw", "outside")),
    "kl_whitened": Measure(KL, "whitened test codes", "nats", null=("whitened", "kl")),
    "sliced_w2_whitened": Measure(W2, "whitened test codes", STD, null=("whitened", "sliced_w2")),
    "kl_training": Measure(KL, TRAINING, "nats", margin="kl", null=("training", "kl")),
    "sliced_w2_training": Measure(W2, TRAINING, STD, null=("training", "sliced_w2")),
    "sliced_w2_training_excess": Measure(f"excess {W2}", TRAINING, STD),
    "shift": Measure(f"{W2} of test to training codes", ALL, STD, null=("shift",)),
    "shift_excess": Measure(f"excess {W2} of test to training codes", ALL, STD),
    "total_variation": Measure("total variation", ALL, null=("density", "total_variation")),
    "below_half": Measure("prior mass with q/p below 1/2", ALL, form=".1%", null=("density", "below_half")),
    "below_quarter": Measure(
        "prior mass with q/p below 1/4", ALL, form=".1%", null=("density", "below_quarter")
    ),
    **{
        f"kl_smoothed_{scale}": Measure(f"{KL} after a blur of {scale}", TRAINING, "nats")
        for scale in (0.03, 0.05, 0.1)
    },
    "kl_blocks": Measure(f"{KL}, mean over blocks", TRAINING, "nats"),
    "kl_blocks_low": Measure(f"{KL}, least of the blocks", TRAINING, "nats"),
    "kl_blocks_high": Measure(f"{KL}, most of the blocks", TRAINING, "nats"),
    "kl_random": Measure(f"{KL}, mean over random sets", TRAINING, "nats"),
    "probe_jsd": Measure(
        "JSD that boosted trees find", TRAINING, "nats", ".4f", null=("training", "probe_jsd")
    ),
    "neighbour_jsd": Measure(
        "JSD that neighbours' densities tell", TRAINING, "nats", ".4f", null=("training", "neighbour_jsd")
    ),
    "discriminator_jsd": Measure("JSD that the final discriminator sees", TRAINING, "nats", ".4f"),
    "discriminator_jsd_null": Measure(
        "JSD that the final discriminator sees", "prior samples", "nats", ".4f"
    ),
    # What `measures: [manifold]` adds.
    "decoded_distance": Measure(NEAREST, "decoded percentiles", form=".2f"),
    "reconstruction_distance": Measure(NEAREST, "reconstructions", form=".2f"),
    "image_distance": Measure(NEAREST, IMAGES, form=".2f"),
    "return_median": Measure(f"{RETURN}, median", "decoded percentiles", STD),
    "return_p95": Measure(f"{RETURN}, 95th percentile", "decoded percentiles", STD),
    "unsure": Measure("share of which a classifier is unsure", "p(z), decoded", form=".1%"),
    "unsure_reconstructions": Measure("share of which a classifier is unsure", "reconstructions", form=".1%"),
    "unsure_images": Measure("share of which a classifier is unsure", IMAGES, form=".1%"),
    "classifier_accuracy": Measure("accuracy of the classifier", IMAGES, form=".1%"),
    # What `measures: [log_likelihood]` adds.
    "log_likelihood": Measure(LIKELIHOOD, "about decoded samples of p(z)", "nats", ".1f"),
    "log_likelihood_training_codes": Measure(LIKELIHOOD, f"about decoded {TRAINING}", "nats", ".1f"),
    "log_likelihood_test_codes": Measure(LIKELIHOOD, f"about decoded {TEST}", "nats", ".1f"),
    "sigma_median": Measure(f"{SIGMA}, median", TEST, STD, ".2g"),
    "sigma_p95": Measure(f"{SIGMA}, 95th percentile", TEST, STD, ".2g"),
    "entropy": Measure("entropy of q(z|x), mean", TEST, "nats"),
}
