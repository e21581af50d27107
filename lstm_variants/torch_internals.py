"""All that this package uses of torch without being documented there.

No other file of the package has a private name of torch. With a version of torch that was not
tried, these names are the first to check if something fails.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.overrides import has_torch_function

TRIED = "2.9.0, 2.13.0 and 2.15.0"
"""The versions of torch that the tests were run with."""

try:
    from torch._subclasses import FakeTensor
    from torch._subclasses.functional_tensor import FunctionalTensor

    below_autograd: Callable[[], AbstractContextManager[None]] = torch._C._AutoDispatchBelowAutograd
    """A context in which operators do not run their implementations for autograd."""

    graph_is_kept: Callable[[], bool] = torch._C._autograd._get_current_graph_task_keep_graph
    """Whether the backward pass under way keeps its graph, for another one."""

    is_zero_without_memory: Callable[[Tensor], bool] = torch._is_zerotensor
    """Whether a tensor stands for zeros, as some gradients of torch's functions do."""

    profiler_is_active: Callable[[], bool] = torch._C._autograd._profiler_enabled
    """Whether operators are recorded by a profiler."""

    keys_of_tensor = torch._C._dispatch_keys
    included_keys = torch._C._dispatch_tls_local_include_set
    excluded_keys = torch._C._dispatch_tls_local_exclude_set
    Key, KeySet = torch._C.DispatchKey, torch._C.DispatchKeySet
    SingleLevelFunction = torch.autograd.function._SingleLevelFunction
    compiled_autograd_key = torch.autograd.Function._compiled_autograd_key
    functorch = torch._C._functorch
except (AttributeError, ImportError) as error:
    raise ImportError(
        f"lstm_variants runs with PyTorch {TRIED}; PyTorch {torch.__version__} lacks a part that "
        f"it uses. Install another version of one of the two. ({error})"
    ) from error

# Torch 2.9 is without it.
DLPACK_EXCHANGE_API: Any = getattr(Tensor, "__dlpack_c_exchange_api__", None)
"""A capsule with the functions that compiled code reads tensors with."""

Function = TypeVar("Function", bound=Callable[..., object])


class LevelFunction(SingleLevelFunction):
    """A `torch.autograd.Function` for an operator's implementation for autograd.

    `Function.apply` handles all levels of `torch.func` that are active. For an operator, the
    dispatcher does that: it calls the implementation once for each level.
    """

    apply: ClassVar[Callable[..., Any]]
    _compiled_autograd_key = compiled_autograd_key

    @classmethod
    def apply_at_this_level(cls, *arguments: Any) -> Any:
        """Like `Function.apply`, for the level that the implementation is called for."""
        if not transform_is_active():
            return cls.apply(*arguments)
        before = functorch.get_single_level_autograd_function_allowed()
        functorch.set_single_level_autograd_function_allowed(True)
        try:
            return cls.apply(*arguments)
        finally:
            functorch.set_single_level_autograd_function_allowed(before)


class Labelled(nn.Module):
    """A module whose `state_dict` states what its tensors belong to.

    Modules of different kinds can have tensors of the same names and shapes. The label is in the
    metadata, which torch's own modules ignore.
    """

    _label_of_weights: str

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        metadata = getattr(destination, "_metadata", {})
        metadata.get(prefix[:-1], {})["label"] = self._label_of_weights

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        problems = missing_keys, unexpected_keys, error_msgs
        before, own = [*map(len, problems)], self._label_of_weights
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, *problems)
        saved = local_metadata.get("label", own)
        if saved != own and [*map(len, problems)] == before:
            warnings.warn(
                f"weights of {saved} are loaded into {own}, which computes another function of "
                "them. If that is intended, load dict(state_dict), without metadata",
                stacklevel=2,
            )


def transform_is_active() -> bool:
    """Whether a transform of `torch.func` is active."""
    return functorch.peek_interpreter_stack() is not None


def active_transforms() -> set[str]:
    """The kinds of all active transforms: `"Grad"`, `"Vmap"`, `"Jvp"`, `"Functionalize"`."""
    return {level.key().name for level in functorch.get_interpreter_stack() or ()}


def is_transformed(tensor: Tensor) -> bool:
    """Whether a tensor belongs to a level of `torch.func`."""
    return functorch.is_functorch_wrapped_tensor(tensor)


def is_vmapped(tensor: Tensor) -> bool:
    """Whether a tensor stands for many under `torch.func.vmap`, at any level."""
    while functorch.is_functorch_wrapped_tensor(tensor):
        if functorch.is_batchedtensor(tensor):
            return True
        tensor = functorch.get_unwrapped(tensor)
    return False


def forward_mode_is_active() -> bool:
    """Whether there may be tensors with a forward-mode derivative."""
    return forward_ad._current_level >= 0


def is_batched_gradient(tensor: Tensor) -> bool:
    """Whether a tensor stands for many in a backward pass with `is_grads_batched=True`.

    That is another vmap than the one of `torch.func`.
    """
    return functorch.is_legacy_batchedtensor(tensor)


def split_gradients(tensor: Tensor) -> Tensor:
    """The many tensors that one stands for with `is_grads_batched=True`, along dimension 0."""
    return torch._remove_batch_dim(tensor, batched_gradients_level(), 0, 0)


def join_gradients(tensor: Tensor) -> Tensor:
    """The opposite of `split_gradients`."""
    return torch._add_batch_dim(tensor, 0, batched_gradients_level())


def batched_gradients_level() -> int:
    """How many backward passes with `is_grads_batched=True` are inside one another."""
    level = torch._C._vmapmode_increment_nesting()
    torch._C._vmapmode_decrement_nesting()
    return level - 1


def numbers_of(keys: Any, *others: Any) -> set[int]:
    """Some keys of the dispatcher, and the same with others, each as a number."""
    more = keys
    for key in others:
        more = more.add(key)
    return {keys.raw_repr(), more.raw_repr()}


PLAIN_TENSOR = numbers_of(
    KeySet(Key.CPU).add(Key.AutocastCPU), Key.AutogradCPU, Key.ADInplaceOrView
)
PLAIN_THREAD = numbers_of(KeySet(Key.BackendSelect), Key.ADInplaceOrView)
"""Of an ordinary tensor on the CPU, and of a thread without modes and transforms; both in inference
mode and outside of it."""


def runs_directly(tensors: Sequence[Tensor]) -> bool:
    """Whether an operator of these tensors runs what is registered for autograd and the CPU alone.

    Something else takes part under modes (as of FlopCounterMode), transforms of `torch.func`,
    tracing and profilers, and if a tensor is of a subclass or stands for its negative.
    """
    if (
        is_compiling()
        or included_keys().raw_repr() not in PLAIN_THREAD
        or has_torch_function(tensors)
        or profiler_is_active()
        # In an operator of the caller's, whose results get their gradient there.
        or (torch.is_grad_enabled() and excluded_keys().has(Key.AutogradFunctionality))
    ):
        return False
    return PLAIN_TENSOR.issuperset([keys_of_tensor(tensor).raw_repr() for tensor in tensors])


def is_direct(tensors: Sequence[Tensor]) -> bool:
    """Whether nothing but autograd takes part in a call with these tensors, all on the CPU.

    Besides what `runs_directly` excludes, these are forward-mode derivatives and autocast.
    """
    return (
        runs_directly(tensors)
        and not forward_mode_is_active()
        and not torch.is_autocast_enabled("cpu")
    )


def is_fake(tensor: Tensor) -> bool:
    """Whether a tensor has a shape but no values, as those that tracing works with."""
    return isinstance(tensor, FakeTensor | FunctionalTensor)


def constant_while_tracing(function: Function) -> Function:
    """Mark a function whose result is a constant in the traced program.

    It is called while tracing. Its arguments are guarded; other values that it reads are not.
    """
    # As torch.compiler.assume_constant_result, which imports torch._dynamo: that takes longer than
    # all other imports of this package.
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


def as_constant(number: float) -> float:
    """A number that torch.compile may have made symbolic, as a constant of the traced program.

    With another value, the program is traced again.
    """
    # It imports sympy, as every program does that traces.
    from torch.fx.experimental.symbolic_shapes import guard_scalar

    constant: float = guard_scalar(number)
    return constant


def assert_when_run(condition: Tensor, message: str) -> None:
    """Put an assertion into the program that is being traced."""
    torch._assert_async(condition, message)


# A version of torch without it has no torch.jit.trace either.
jit_is_tracing: Callable[[], bool] = getattr(torch.jit, "is_tracing", lambda: False)
"""Whether `torch.jit.trace` is at work."""


def is_compiling() -> bool:
    """Whether this thread is tracing a program, for torch.compile or an export.

    torch's own flag is set in all threads while one of them exports. Only that one has a mode that
    operators are dispatched to; torch.compile traces without one.
    """
    return torch.compiler.is_compiling() and (
        torch.compiler.is_dynamo_compiling() or torch._C._len_torch_dispatch_stack() > 0
    )


def is_traced() -> bool:
    """Whether a program is being traced: by torch.compile or an export, or by torch.jit.trace."""
    return is_compiling() or jit_is_tracing()


def plain_parameters(module: nn.Module) -> dict[str, Any]:
    """The parameters of a module itself that nothing computes, by their names."""
    return module._parameters


def members_of_torch(
    names: Sequence[Sequence[str]], function: Callable[..., Any]
) -> dict[str, Any]:
    """What code of others reads from a layer of torch, and torch's documentation does not name.

    Args:
        names: The names of the parameters of each layer and direction.
        function: The function of torch that computes the layer.
    """
    return {
        "mode": function.__name__.upper(),
        "_all_weights": [list(group) for group in names],
        "_flat_weights_names": [name for group in names for name in group],
    }


def is_compiled(name: str) -> bool:
    """Whether a module with this name in a model is inside of `torch.compile`."""
    return name.rpartition(".")[2] == "_orig_mod"


def has_hooks(module: nn.Module) -> bool:
    """Whether a module has hooks: of calls, of the backward pass or of its `state_dict`."""
    calls = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
    saving = ("_state_dict_pre_hooks", "_state_dict_hooks")
    loading = ("_load_state_dict_pre_hooks", "_load_state_dict_post_hooks")
    return any(getattr(module, name) for name in calls + saving + loading)


LOOPS_ARE_EXPORTED = torch.__version__ >= "2.13"
"""Whether torch.onnx.export can be relied on with `traced_scan`.

With 2.9, tensors of the loop are freed while it is translated, in some exports and not in others.
2.10 to 2.12 were not tried.
"""


def traced_scan(
    step: Callable[[list[Tensor], list[Tensor]], tuple[list[Tensor], Tensor]],
    state: list[Tensor],
    inputs: list[Tensor],
    *,
    reverse: bool,
) -> tuple[list[Tensor], Tensor]:
    """A loop over the first dimension of tensors, as one operation of a traced program."""
    from torch._higher_order_ops.scan import scan  # for an export alone

    last, outputs = scan(step, state, inputs, reverse=reverse)
    return last, outputs
