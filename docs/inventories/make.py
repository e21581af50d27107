"""Write `torch.inv` and `python.inv`: where the names live that these pages link to.

Run `python docs/inventories/make.py` after adding a name. Complete inventories would have to be
downloaded while the site is built; a short list builds anywhere.
"""

from pathlib import Path

from mkdocstrings import Inventory

NAMES = {
    "torch": {
        "torch.Tensor": ("class", "tensors.html#$"),
        "torch.dtype": ("class", "tensor_attributes.html#$"),
        "torch.nn.LSTM": ("class", "generated/torch.nn.LSTM.html#$"),
        "torch.nn.GRU": ("class", "generated/torch.nn.GRU.html#$"),
        "torch.nn.RNN": ("class", "generated/torch.nn.RNN.html#$"),
        "torch.nn.Module": ("class", "generated/torch.nn.Module.html#$"),
    },
    "python": {
        "abc.ABC": ("class", "library/abc.html#$"),
        "bool": ("class", "library/functions.html#$"),
        "dict": ("class", "library/stdtypes.html#$"),
        "int": ("class", "library/functions.html#$"),
        "str": ("class", "library/stdtypes.html#$"),
        "tuple": ("class", "library/stdtypes.html#$"),
        "type": ("class", "library/functions.html#$"),
        "typing.Any": ("data", "library/typing.html#$"),
        "typing.ClassVar": ("data", "library/typing.html#$"),
        "typing.Literal": ("data", "library/typing.html#$"),
        "typing.NamedTuple": ("class", "library/typing.html#$"),
        "None": ("data", "library/constants.html#$"),
        "TypeError": ("exception", "library/exceptions.html#$"),
        "ValueError": ("exception", "library/exceptions.html#$"),
        "RuntimeError": ("exception", "library/exceptions.html#$"),
    },
}

for project, names in NAMES.items():
    inventory = Inventory(project=project, version="")
    for name, (role, uri) in names.items():
        inventory.register(name, "py", role, uri.replace("$", name))
    (Path(__file__).parent / f"{project}.inv").write_bytes(inventory.format_sphinx())
