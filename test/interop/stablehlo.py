"""Runs StableHLO by XLA on the CPU for the tests of this folder: `stablehlo.ts` starts it, and asks for one run a line.

A request is a line of JSON, `{"program", "arguments", "results"}`: a text of StableHLO, a safetensors file of its arguments and
one to write its results to; both name tensors by their places, "0", "1". The answer is a line, `{}` or `{"error"}`. One
process runs many programs: JAX takes seconds to start. Each is compiled once. A warning is an error.
"""

import functools
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
from jax._src.interpreters import mlir
from jax._src.lib.mlir import ir
from jax._src.lib.mlir.dialects import func
from jax.extend.core import Primitive
from safetensors.numpy import load_file, save_file

DTYPES = {"f32": np.float32, "i32": np.int32, "ui32": np.uint32, "i1": np.bool_, "ui8": np.uint8}


def parse(text: str) -> ir.Module:
    """The module of a text, verified. Raises `MLIRError`, which names the line, where it is not one."""
    context = mlir.make_ir_context()
    with context:
        module = ir.Module.parse(text)
        module.operation.verify()
    return module


def main_of(module: ir.Module) -> func.FuncOp:
    """The function `main` of a module."""
    return ir.SymbolTable(module.operation)["main"]


def aval_of(tensor: ir.RankedTensorType) -> jax.core.ShapedArray:
    """The shape and element type that JAX knows a tensor by."""
    return jax.core.ShapedArray(tuple(tensor.shape), np.dtype(DTYPES[str(tensor.element_type)]))


stablehlo_p = Primitive("stablehlo")
stablehlo_p.multiple_results = True


@stablehlo_p.def_abstract_eval
def _types(*_arguments: jax.core.ShapedArray, text: str) -> list[jax.core.ShapedArray]:
    module = parse(text)
    with module.context:
        return [aval_of(ir.RankedTensorType(result)) for result in main_of(module).type.results]


def _lowered(ctx: mlir.LoweringRuleContext, *operands: ir.Value, text: str) -> list[ir.Value]:
    """A call of the function, which is copied into the module that JAX is making."""
    target = ctx.module_context
    with target.module.context:
        module = ir.Module.parse(text)
        symbol = mlir.merge_mlir_modules(target.module, "main", module, dst_symtab=target.symbol_table)
        results = [mlir.aval_to_ir_type(target, aval) for aval in ctx.avals_out]
        return list(func.CallOp(results, ir.FlatSymbolRefAttr.get(symbol), list(operands)).results)


mlir.register_lowering(stablehlo_p, _lowered)


def jitted(text: str) -> Callable[..., list[jax.Array]]:
    """A function of arrays that runs `@main` of a text."""
    return jax.jit(lambda *arguments: stablehlo_p.bind(*arguments, text=text))


@functools.cache
def program(path: Path) -> Callable[..., list[jax.Array]]:
    """The function of a file."""
    return jitted(path.read_text())


def run(request: dict[str, str]) -> None:
    """Runs what a request asks for."""
    arguments = load_file(request["arguments"])
    ordered = [arguments[str(k)] for k in range(len(arguments))]
    results = program(Path(request["program"]))(*ordered)
    save_file({str(k): np.asarray(result) for k, result in enumerate(results)}, request["results"])


def serve() -> None:
    """Answers requests until there are no more."""
    for line in sys.stdin:
        try:
            run(json.loads(line))
            answer = {}
        except Exception as error:  # noqa: BLE001: whoever asked is told, and may ask again
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("error")
    jax.config.update("jax_platforms", "cpu")
    serve()
