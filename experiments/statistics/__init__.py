"""The rule for verdicts, its tests and intervals, and the sources of claims."""
