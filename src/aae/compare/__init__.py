"""Runs compared, over variants and seeds: summaries, equivalence, verdicts. Tables in, tables out."""
