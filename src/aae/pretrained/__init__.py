"""The base run's encoder and decoder, small enough for git: what `aae encode` and the report compute with."""
