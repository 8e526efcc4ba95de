"""Write the numbers of metrics/ into README.md, between its <!-- name --> and <!-- /name --> marks."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Rewrite README.md in place."""
    path = ROOT / "README.md"
    path.write_text(fill(path.read_text(encoding="utf-8"), ROOT / "metrics"), encoding="utf-8")


def fill(text: str, metrics: Path) -> str:
    """The README's text with every marked block made anew from the metrics' folder."""
    testset = json.loads((metrics / "testset.json").read_text(encoding="utf-8"))
    ablation = json.loads((metrics / "ablation.json").read_text(encoding="utf-8"))
    for name, block in {"base": base_table(testset), "ablation": ablation_table(ablation)}.items():
        first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, rest = text.split(first)
        text = before + first + block + last + rest.split(last)[1]
    return text


def base_table(metrics: dict[str, Any]) -> str:
    """What the base run measures on the 10,000 test images."""
    null, centre, covariance = (metrics[key] for key in ("sliced_w2_null", "code_mean", "code_covariance"))
    rows = [
        ("mean squared error per pixel", f"{metrics['reconstruction_error']:.4f}"),
        ("neighbour accuracy (k = 10, leave one out)", f"{metrics['neighbour_accuracy']:.3f}"),
        ("sliced W2 to N(0, I)", f"{metrics['codes']['sliced_w2']:.3f}"),
        ("the same of true draws (null band)", f"{null['mean']:.3f} ± {null['std']:.3f}"),
        ("fit ratio (distance / mean of the band)", f"{metrics['codes']['fit_ratio']:.2f}"),
        ("mean of the codes", f"({centre['z1']:.3f}, {centre['z2']:.3f})"),
        (
            "covariance of the codes",
            f"{covariance['z1z1']:.3f}, {covariance['z2z2']:.3f}; off the diagonal {covariance['z1z2']:.3f}",
        ),
    ]
    return "| measure | value |\n| --- | --- |\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


def ablation_table(metrics: dict[str, Any]) -> str:
    """Mean and standard deviation over seeds, a row a variant."""
    columns = {
        "reconstruction_error": ("error per pixel", ".4f"),
        "neighbour_accuracy": ("neighbour accuracy", ".3f"),
        "sliced_w2": ("sliced W2, test codes", ".3f"),
        "sliced_w2_train": ("train codes", ".3f"),
        "sliced_w2_means": ("means of q(z\\|x), test", ".3f"),
        "sliced_w2_whitened": ("test codes, whitened", ".3f"),
    }
    header = ["encoder - prior", "seeds", *(title for title, _ in columns.values())]
    lines = [header, ["---"] * len(header)]
    for variant, numbers in metrics["variants"].items():
        cells = []
        for key, (_, form) in columns.items():
            mean, std = numbers[key]["mean"], numbers[key]["std"]
            cells.append(f"{mean:{form}}" + ("" if std is None else f" ± {std:{form}}"))
        lines.append([variant.replace("-", " - "), str(numbers["seeds"]), *cells])
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    main()
