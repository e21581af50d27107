"""The code that records depend on: a run continues only with the same."""

from experiments.engine import code


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


def test_versions_of_python_and_line_endings_make_no_difference(monkeypatch):
    """Digests are stored in records, and compared with those of other machines."""
    run, kernel = code.FOLDER / "new" / "run.py", code.PACKAGE / "kernel.cpp"
    source = b"def f(a, *, b=None, c=()):\n    return [], a or b, {1: c}\n"
    for ending in (b"\n", b"\r\n"):
        content = {run: source, kernel: b"int f();\n"}
        content = {path: text.replace(b"\n", ending) for path, text in content.items()}
        monkeypatch.setattr(code, "CONTENT", content)
        assert code.digest("new") == (
            "b4b88ddb03c8194ce7ae615e794d0a5a8668c0bd90a90b404617240d5be94e41"
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
