"""From the StableHLO text of an entry to a function that JAX calls, traces and spreads like any other.

The text becomes a primitive whose lowering puts the entry's functions into the module that `jax.jit` hands to XLA. So JAX does
what it does for its own programs: it donates, places, spreads over processes, and caches what it compiles.

`jax.extend` and `jax.interpreters.mlir` may change with any minor version of JAX. What is used of them is used here alone, as
version 0.10 has it; the tests run with 0.10.2.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
from jax.extend.core import Primitive
from jax.extend.mlir.dialects import func
from jax.interpreters import mlir
from jax.sharding import Sharding

from .arrays import DTYPES
from .artifact import Artifact, Entry, Tensor
from .errors import ArtifactError
from .mesh import Placement


@dataclass(frozen=True)
class Executable:
    """An entry as XLA compiled it: a function of its arguments, each of which lies as `shardings` says."""

    call: Callable[..., Sequence[jax.Array]]
    shardings: tuple[Sharding, ...]


_call = Primitive("sinter_entry")
_call.multiple_results = True


def compiled(artifact: Artifact, entry: Entry, place: Placement, known: Mapping[str, Sharding]) -> Executable:
    """Compiles an entry for the devices of a mesh. `known` says how states are spread already, by their names.

    States that the entry updates are donated: their arrays are gone after a call. Next states are spread as the states are,
    outputs are whole on each device. How all else is spread, inputs and states that nobody said it of included, XLA finds out.

    Raises ArtifactError where the text cannot be read, or is not that of the manifest.
    """
    try:
        text = entry.file.read_text(encoding="utf-8")
    except OSError as error:
        raise ArtifactError(f"{entry.file}: {error.strerror}: the artifact is not whole") from error
    states = {state.name: state for state in artifact.states}
    arguments = [_argument(artifact, argument.kind, argument.name) for argument in entry.arguments]
    results = [*(states[name] for name in entry.updates), *entry.outputs]
    _require_types(entry, text, arguments, results)

    def call(*values: jax.Array) -> Sequence[jax.Array]:
        given: Sequence[jax.Array] = _call.bind(
            *values, text=text, name=entry.name, results=tuple(_type(result) for result in results)
        )
        return given

    def attempt(spread: Mapping[str, Sharding]) -> Any:
        def of(tensor: Tensor) -> Sharding | None:
            return spread.get(tensor.name, place.of(tensor))

        return (
            jax.jit(
                call,
                in_shardings=tuple(
                    of(tensor) if argument.kind in ("state", "input") else place.whole
                    for argument, tensor in zip(entry.arguments, arguments, strict=True)
                ),
                out_shardings=[
                    *(of(states[name]) for name in entry.updates),
                    *(place.whole for _ in entry.outputs),
                ],
                donate_argnums=[k for k, argument in enumerate(entry.arguments) if argument.donated],
            )
            .lower(*(_type(tensor) for tensor in arguments))
            .compile()
        )

    found = attempt(known)
    before = {
        argument.name: at for argument, at in zip(entry.arguments, found.input_shardings[0], strict=True)
    }
    # What XLA spreads otherwise before a step than after it is compiled again, spread in one way: the next step takes it.
    settled = {
        name: after if before[name].is_fully_replicated else before[name]
        for name, after in zip(entry.updates, found.output_shardings, strict=False)
        if not after.is_equivalent_to(before[name], len(states[name].dims))
    }
    if settled:
        found = attempt({**known, **settled})
    return Executable(found, tuple(found.input_shardings[0]))


def _argument(artifact: Artifact, kind: str, name: str) -> Tensor:
    if kind == "size":
        return Tensor(name, (), "i32")
    if kind == "param":
        return Tensor(name, (), next(param.dtype for param in artifact.params if param.name == name))
    return next(one for one in (artifact.states if kind == "state" else artifact.inputs) if one.name == name)


def _type(tensor: Tensor) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(tensor.shape, DTYPES[tensor.dtype])


def _require_types(entry: Entry, text: str, arguments: Sequence[Tensor], results: Sequence[Tensor]) -> None:
    """Requires that `@main` takes and gives what the manifest says, before XLA sees it."""
    with mlir.make_ir_context() as context:
        main = _main(_parsed(entry, text, context), entry)
        for what, tensors, types in (
            ("takes", arguments, main.type.inputs),
            ("gives", results, main.type.results),
        ):
            wanted = [f"tensor<{'x'.join((*map(str, one.shape), _MLIR[one.dtype]))}>" for one in tensors]
            found = [str(one) for one in types]
            if wanted != found:
                raise ArtifactError(
                    f"{entry.file}: @main {what} ({', '.join(found)}), and the manifest says ({', '.join(wanted)})"
                )


_MLIR = {"f32": "f32", "i32": "i32", "u32": "ui32", "bool": "i1", "u8": "ui8"}


def _parsed(entry: Entry, text: str, context: Any) -> Any:
    try:
        return mlir.ir.Module.parse(text, context)
    except Exception as error:
        raise ArtifactError(f"{entry.file}: {' '.join(str(error).split())}") from error


def _main(module: Any, entry: Entry) -> Any:
    for op in module.body.operations:
        if isinstance(op, func.FuncOp) and op.sym_name.value == "main":
            return op
    raise ArtifactError(f"{entry.file}: there is no function @main")


def _types(*_: object, text: str, name: str, results: Sequence[jax.ShapeDtypeStruct]) -> list[Any]:
    return [jax.core.ShapedArray(result.shape, result.dtype) for result in results]


def _lower(ctx: mlir.LoweringRuleContext, *operands: Any, text: str, name: str, results: object) -> Any:
    target = ctx.module_context
    source = mlir.ir.Module.parse(text, target.context)
    _drop_mesh(source)
    callee = mlir.merge_mlir_modules(target.module, f"sinter_{name}", source, dst_symtab=target.symbol_table)
    function: Any = target.symbol_table[callee]
    types = mlir.ir.FunctionType(function.type).results
    return func.CallOp(types, mlir.ir.FlatSymbolRefAttr.get(callee), list(operands)).results


def _drop_mesh(module: Any) -> None:
    """Takes the mesh and the shardings out: `jax.jit` is given both, with the sizes that the mesh has here."""
    for op in list(module.body.operations):
        if op.operation.name == "sdy.mesh":
            op.operation.erase()
        elif isinstance(op, func.FuncOp):
            for kind in {"arg_attrs", "res_attrs"} & set(op.attributes):
                of_each: Any = op.attributes[kind]
                kept = [
                    {one.name: one.attr for one in attrs if one.name != "sdy.sharding"} for attrs in of_each
                ]
                op.attributes[kind] = mlir.ir.ArrayAttr.get([mlir.ir.DictAttr.get(attrs) for attrs in kept])


_call.def_abstract_eval(_types)
mlir.register_lowering(_call, _lower)
