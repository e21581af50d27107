"""The compiled library of the CPU kernels: where it is, what it has, and a machine without it."""

import ctypes.util
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from importlib.resources import as_file, files
from pathlib import Path
from struct import calcsize

import pytest
import torch

import lstm_variants
from lstm_variants import nn as layers
from lstm_variants.kernels import BACKENDS, choose
from lstm_variants.kernels.cpu import native
from lstm_variants.kernels.cpu.backend import CPU
from lstm_variants.kernels.cpu.cells import KERNELS
from lstm_variants.kernels.cpu.plan import thread_count
from lstm_variants.variants import VARIANTS
from tests.cpu_kernels import needs_kernels
from tests.test_cpu_exactness import call_of

pytestmark = needs_kernels


@pytest.fixture
def _loaded_again():
    """The library is loaded in the test, and again after it, however that ends."""
    native.load.cache_clear()
    yield
    native.load.cache_clear()


@pytest.mark.usefixtures("_loaded_again")
def test_a_machine_without_the_library(monkeypatch):
    """No compiler, no failure: the others run, and say why."""
    monkeypatch.setattr(native, "NAME", "not_there.so")
    call = call_of(VARIANTS["PeepholeLSTM"].cell, T=2, B=1, D=1, H=1)
    assert "no C++ compiler was found" in BACKENDS["cpu"].unsupported_reason(call)
    assert choose(call).name == "reference"
    with pytest.raises(RuntimeError, match=r"no C\+\+ compiler was found"):
        choose(call, "cpu")
    with pytest.raises(RuntimeError, match=r"no C\+\+ compiler was found"):
        BACKENDS["cpu"].run(call)


def reason_in(folder, packages):
    """Why there is no library, in a new process without hooks of editable installs."""
    code = "from lstm_variants.kernels.cpu import native; print(native.unavailable_reason())"
    search = os.pathsep.join(map(str, (packages, Path(torch.__file__).parents[1])))
    return subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("origin", ["a clone", "another clone", None])
def test_python_in_the_folder_of_the_sources_uses_the_installed_library(tmp_path, origin):
    """As after `pip install .`: the sources, which have no library, are imported."""
    place = Path(native.__file__).relative_to(Path(lstm_variants.__file__).parents[1])
    sources, packages = tmp_path / "a clone", tmp_path / "packages"
    shutil.copytree(
        Path(lstm_variants.__file__).parent,
        sources / "lstm_variants",
        ignore=shutil.ignore_patterns("*.so", "__pycache__"),
    )
    (packages / place.parent).mkdir(parents=True)
    with as_file(files("lstm_variants.kernels.cpu") / native.NAME) as library:
        shutil.copy(library, packages / place.parent)
    installed = packages / "lstm_variants_torch-0.1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: lstm-variants-torch\n")
    if origin is not None:  # of a package from an index, pip writes none
        url = (tmp_path / origin).as_uri()
        (installed / "direct_url.json").write_text(json.dumps({"url": url}))
    reason = reason_in(sources, packages)
    if origin == sources.name:
        assert reason == "None\n"
    else:
        assert f"those in {sources}" in reason


def test_a_library_that_is_none(tmp_path):
    broken = tmp_path / "kernels.so"
    broken.write_text("nothing")
    with pytest.raises(OSError, match=r"invalid ELF header|too short|mach-o"):
        native.Kernels(broken)


@pytest.mark.usefixtures("_loaded_again")
@pytest.mark.parametrize("change", ["a comment", "a new file", "call.h"])
def test_a_library_that_was_built_from_other_sources(monkeypatch, tmp_path, change):
    """An editable install after a change of the sources: reported, with the command for it."""
    path = files("lstm_variants.kernels.cpu") / native.NAME
    sources = shutil.copytree(native.SOURCES, tmp_path / "source")
    with monkeypatch.context() as patch:
        patch.setattr(native, "SOURCES", sources)
        (sources / "notes.txt").write_text("not compiled")
        (sources / ".#lstm.h").symlink_to("me@host.1")  # of an editor
        native.Kernels(path)
        if change == "a comment":
            with (sources / "lstm.h").open("a") as file:
                file.write("// Another line.\n")
        elif change == "a new file":
            (sources / "another.h").touch()
        else:
            patch.setattr(native, "calcsize", lambda fields: calcsize(fields + "q"))
        with pytest.raises(OSError, match=r"other sources .* python -m pip install"):
            native.Kernels(path)
        reason = native.unavailable_reason()
        assert "cannot be loaded" in reason
        assert "pip install" in reason
    native.load.cache_clear()
    assert native.unavailable_reason() is None


@pytest.mark.skipif(platform.system() != "Linux", reason="OpenMP is in another place")
def test_threads_are_shared_with_torch():
    assert native.kernels().single_thread_reason is None


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_threads_are_not_started_again():
    """As libgomp does if a team is smaller than the one before, and the next one is not."""
    layer, x, large = layers.PeepholeLSTM(64, 64), torch.randn(5, 16, 64), torch.zeros(400_000)
    call = call_of(layer.cell, T=5, B=16, D=64, H=64, dtype=x.dtype, directions=1)
    assert thread_count(call, max_threads=4) == 2
    ids, before = [], torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        for _ in range(5):
            large.add_(1)  # by all threads of torch
            layer(x)
            ids.append({*os.listdir("/proc/self/task")})
    finally:
        torch.set_num_threads(before)
    assert len(ids[0]) >= 4
    assert set().union(*ids) == ids[0]


def test_an_installed_package_has_no_sources(monkeypatch, tmp_path):
    monkeypatch.setattr(native, "SOURCES", tmp_path / "none")
    native.Kernels(files("lstm_variants.kernels.cpu") / native.NAME)


def test_the_library_has_all_fields_that_a_call_gives():
    """A name that it lacks would be left out without an error."""
    layout = native.kernels().layout
    for kernel in KERNELS.values():
        assert kernel.settings.keys() <= set(layout.cell)
        weights = [name for names in kernel.weights.values() for name in names]
        states = [form.format(f) for form in ("{}_0", "{}_n") for f in kernel.fields]
        given = [*weights, *states]
        assert {*given, *(f"d_{name}" for name in given), *kernel.saved} <= set(layout.direction)


def test_a_library_of_something_else():
    with pytest.raises(OSError, match=r"built from other sources"):
        native.Kernels(Path(ctypes.util.find_library("m")))


@pytest.mark.skipif(sys.platform != "linux", reason="other formats have no weak symbols")
def test_it_loads_without_any_openmp_runtime():
    with as_file(files("lstm_variants.kernels.cpu") / native.NAME) as path:
        code = f"import ctypes; ctypes.CDLL({str(path)!r}, mode=2)"  # RTLD_NOW: every symbol
        done = subprocess.run(
            [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False
        )
    assert done.stderr == ""


SMALL_STACK = """
import ctypes

class Stack(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]

memory = ctypes.create_string_buffer(8192)
stack = Stack(ctypes.addressof(memory), 0, len(memory))

def take_small_stack():
    assert ctypes.CDLL(None).sigaltstack(ctypes.byref(stack), None) == 0

import torch
from lstm_variants import nn
from lstm_variants.kernels.cpu import native

def compute(dtype):
    layer = nn.LSTM(40, 70, dtype=dtype, backend="cpu")
    layer(torch.ones(5, 33, 40, dtype=dtype))[0].float().sum().backward()

kernels = native.kernels()
"""
"""A stack for signals that is too small for the state of matrix units."""
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="others ask for no permission")


@on_linux
def test_matrix_units_that_the_system_refuses_are_not_used():
    code = """
take_small_stack()
compute(torch.bfloat16)
assert not (kernels.instruction_set == native.MATRIX_UNITS and kernels.multiplies_bfloat16)
print(kernels.described(in_bfloat16=True))
"""
    command = [sys.executable, "-c", SMALL_STACK + code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "AMX" not in done.stdout


@on_linux
def test_who_does_not_use_matrix_units_can_have_small_stacks_for_signals():
    code = SMALL_STACK + "compute(torch.float32)\ntake_small_stack()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_sources_in_a_zip_archive(tmp_path):
    package = Path(lstm_variants.__file__).parent
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        for path in package.rglob("*.py"):
            archive.write(path, path.relative_to(package.parent))
    reason = reason_in(tmp_path, tmp_path / "package.zip")
    assert f"those in {tmp_path / 'package.zip'}" in reason


def test_without_torchs_runtime_one_thread_works(monkeypatch, capsys):
    kernels = native.kernels()
    monkeypatch.setattr(
        kernels, "single_thread_reason", "torch's OpenMP runtime was not found (libgomp)"
    )
    assert kernels.threads == 1
    lstm_variants.explain(layers.PeepholeLSTM(3, 4), torch.zeros(5, 2, 3))
    assert "1 thread: torch's OpenMP runtime was not found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("threads", "name", "T", "backend"),
    [
        (2, "LSTM", 100, "torch"),
        (2, "LSTM", 1, "cpu"),  # too little work for a second thread
        (2, "PeepholeLSTM", 100, "cpu"),
        (1, "LSTM", 100, "cpu"),
    ],
)
def test_torchs_kernels_use_threads_that_those_of_the_package_cannot(
    monkeypatch, threads, name, T, backend
):
    call = call_of(VARIANTS[name].cell, T=T, B=8, D=64, H=64)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert choose(call).name == "cpu"
    monkeypatch.setattr(native.kernels(), "single_thread_reason", "there are no threads")
    assert choose(call).name == backend


def test_layers_are_compiled_where_kernels_have_one_thread(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(native.kernels(), "single_thread_reason", "there are no threads")
    layer, x = layers.LSTM(64, 64), torch.randn(100, 8, 64)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x)[0], layer(x)[0])


def test_too_little_memory_is_said(monkeypatch):
    kernels = native.kernels()
    monkeypatch.setattr(kernels, "_run", lambda *_: 1)
    monkeypatch.setattr(CPU, "forward_directly", lambda *_: None)
    with pytest.raises(MemoryError, match="too little memory"):
        layers.PeepholeLSTM(3, 4)(torch.zeros(5, 2, 3))


@pytest.mark.parametrize("name", ["torch/lib/libgomp.so.1", "torch.libs/libgomp-a49a47f9.so.1.0.0"])
def test_torchs_openmp_runtime_is_found_in_wheels_of_every_processor(name, tmp_path, monkeypatch):
    bundled = tmp_path / name
    for folder in ("torch/lib", "torch.libs"):
        (tmp_path / folder).mkdir(parents=True)
    bundled.touch()
    monkeypatch.setattr(torch, "__file__", str(tmp_path / "torch" / "__init__.py"))
    loaded = []
    monkeypatch.setattr("ctypes.CDLL", lambda path, mode: loaded.append((path, mode)))
    assert native.share_threads_with_torch() is None
    assert loaded == [(str(bundled), os.RTLD_GLOBAL | os.RTLD_NOLOAD)]


def test_without_torchs_openmp_runtime_the_systems_is_loaded(monkeypatch):
    loaded = []

    def load(path, mode):
        if mode & os.RTLD_NOLOAD:
            raise OSError
        loaded.append((path, mode))

    monkeypatch.setattr("ctypes.CDLL", load)
    assert "was not found" in native.share_threads_with_torch()
    assert loaded == [("libgomp.so.1", os.RTLD_GLOBAL)]


def test_a_second_import_says_what_to_do():
    code = """
import sys, lstm_variants
for name in [name for name in sys.modules if name.partition(".")[0] == "lstm_variants"]:
    del sys.modules[name]
import lstm_variants"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ImportError: lstm_variants was imported before in this process" in done.stderr
