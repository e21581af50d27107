"""The code that records depend on: a run continues only with the same."""

import pytest

from experiments.engine import code

pytestmark = pytest.mark.records


def test_code_that_records_depend_on_is_found():
    def found(name):
        start = [code.FOLDER / name / "run.py"]
        return {path.relative_to(code.FOLDER).as_posix() for path in code.imported_from(start)}

    assert {"timing/batches.py", "timing/run.py", "engine/units.py"} <= found("gates")
    assert not {"gates/results.py", "gates/figure.py", "adding/run.py"} & found("gates")
    assert code.digest("gates") != code.digest("counting")


def test_relative_imports_are_found(monkeypatch):
    content = {
        code.FOLDER / "new" / "run.py": b"from . import near\nfrom .other import x\n",
        code.FOLDER / "new" / "near.py": b"from ..records import load\n",
        code.FOLDER / "new" / "other.py": b"",
        code.FOLDER / "records.py": b"",
    }
    monkeypatch.setattr(code, "CONTENT", content)
    assert code.imported_from([code.FOLDER / "new" / "run.py"]) == set(content)
    before = code.digest("new")
    for path in content:
        monkeypatch.setitem(content, path, content[path] + b"edited = 1\n")
        after = code.digest("new")
        assert after != before
        before = after


def test_comments_and_docstrings_are_not_what_is_run(monkeypatch):
    source = '''"""Text."""\n\nx = {"a": """b"""}\n"""About x."""\n\n
def f():\n    """Text."""\n    return "c"\n'''
    path = code.FOLDER / "new" / "run.py"
    edits = {
        source: True,
        source.replace("Text", "Other"): True,
        source.replace("About x", "y"): True,
        source + "# a comment\n": True,
        source.replace("\n\n\n", "\n\n"): True,
        source.replace('"c"', '"d"'): False,
        source.replace('"""b"""', '"""e"""'): False,
    }
    assert len(edits) == 7
    digests = {}
    for text in edits:
        monkeypatch.setattr(code, "CONTENT", {path: text.encode()})
        digests[text] = code.digest("new")
    for text, is_same in edits.items():
        assert (digests[text] == digests[source]) == is_same


SYNTAX = b"""import a.b as c
from . import d

@c.decorated(by=-1.5e-7, to=2j)
class A(d.E, metaclass=F):
    x: int = 0xFF

    async def f(self, a, /, b=None, *args, c=(), **kw) -> "g":
        global h
        with a as (x, *y), b:
            x[1:2, ..., ::3] = y if (n := len(y)) else not x
        try:
            assert a < b <= 3, f"{a!r:>{n}} \\u00fc {b:.3f}"
        except* (OSError, c.G) as error:
            raise H from error
        else:
            del x.y
        finally:
            await a
        async for i in (j async for j in b if j):
            yield {**kw, 1: [*args], "\\n": {1, b"x"}}
        match a:
            case {"k": [1, *_], **rest} | A(x=0) if rest:
                return lambda x, *, y=1: x @ y ** -1
            case None:
                x //= 2
        while True:
            break
"""


def test_versions_of_python_and_line_endings_make_no_difference(monkeypatch):
    """Digests are stored in records, and compared with those of other machines."""
    run, kernel = code.FOLDER / "new" / "run.py", code.PACKAGE / "kernel.cpp"
    for ending in (b"\n", b"\r\n"):
        content = {run: SYNTAX, kernel: b"int f();\n"}
        content = {path: text.replace(b"\n", ending) for path, text in content.items()}
        monkeypatch.setattr(code, "CONTENT", content)
        assert code.digest("new") == (
            "282123f3b82d7159cfeb762a790dcf902488a3da682a164a9ba4adde0c877d69"
        )


def test_the_package_may_be_in_another_place(monkeypatch, tmp_path):
    found = []
    for package in ("checkout/lstm_variants", "checkout/.venv/lstm_variants"):
        monkeypatch.setattr(code, "FOLDER", tmp_path / "checkout" / "experiments")
        monkeypatch.setattr(code, "PACKAGE", tmp_path / package)
        content = {code.FOLDER / "new" / "run.py": b"a = 1", code.PACKAGE / "cell.py": b"b = 2"}
        monkeypatch.setattr(code, "CONTENT", content)
        found.append(code.digest("new"))
    assert found[0] == found[1]


def test_dangling_links_are_no_sources(tmp_path, monkeypatch):
    (tmp_path / "run.py").touch()
    (tmp_path / ".#run.py").symlink_to("me@host.1")  # of an editor
    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    monkeypatch.setattr(code, "FOLDER", tmp_path)
    assert list(code.snapshot()) == [tmp_path / "run.py"]
