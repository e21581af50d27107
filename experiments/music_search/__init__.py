"""A random search over learning rate, batch and weight noise, on the data sets of Chung et al."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.data import PianoRollName

DATA: dict[str, PianoRollName] = {
    "jsb": "JSB Chorales",
    "nottingham": "Nottingham",
    "muse": "MuseData",
    "piano": "Piano-midi",
}
"""The data sets, by the end of the name of their experiment."""
PATIENCE = 3_000
"""Updates without a new best validation NLL after which a trial ends."""
TRIALS = {"jsb": 60, "nottingham": 20, "muse": 20, "piano": 60}
"""Trials of each unit. The time of one grows with the length of the pieces."""
LIMIT = {"jsb": 100_000, "nottingham": 60_000, "muse": 60_000, "piano": 60_000}
"""Updates at most."""
