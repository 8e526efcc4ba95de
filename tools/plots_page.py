"""Write .dvc/plots.html, the page that `dvc plots diff` and `dvc plots show` fill.

DVC's own page loads Vega from a CDN, and is blank without a network. This one carries it.
"""

from importlib.metadata import version
from pathlib import Path

import vl_convert

PAGE = Path(__file__).resolve().parents[1] / ".dvc/plots.html"
VEGA_LITE = "6.4"
# Without `{scripts}` in it DVC adds no tag that loads from a CDN.
TEMPLATE = Path(__file__).with_suffix(".html")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page with this environment's Vega in it, for DVC to fill."""
    bundle = vl_convert.javascript_bundle(vl_version=VEGA_LITE)  # type: ignore[call-arg]
    html = (
        TEMPLATE.read_text(encoding="utf-8")
        .replace("LITE", VEGA_LITE)
        .replace("VERSION", version("vl-convert-python"))
    )
    return html.replace("BUNDLE", bundle)


if __name__ == "__main__":
    main()
