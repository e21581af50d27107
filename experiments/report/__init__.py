"""Tables, figures and pages for the documentation, from the stored records alone: `make report`.

It imports no torch and runs no experiment. What a record means is in the folder of its experiment.
"""

from experiments import FOLDER

GENERATED = FOLDER.parent / "docs" / "generated"
