"""What `stylecam bench` measures: one file a subject, all in one run, so that ratios mean something.

`plan.py` says how much is measured, `rounds.py` how, `suite.py` in which order, `sections.py` and `reporting.py` what
becomes of it, `promises.py` which of them hold. Nothing else in stylecam imports this package but the command.
"""
