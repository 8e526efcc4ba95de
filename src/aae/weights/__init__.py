"""The weights that come with the package: what the stage `weights` wrote (docs/model-card.md)."""
