"""The trainer: any picture to a style. Run it as `stylecam train` or `python -m trainer`; it needs nothing of Qt."""
