"""Runs StableHLO files of a folder by XLA on the CPU, as `stablehlo.test.ts` asks for them.

A folder holds `cases.json`, a list of `{"name", "file", "inputs", "outputs"}`: a text of StableHLO, a safetensors file
of its arguments, and one to write its results to; both name tensors by their places, "0", "1". One process
runs many: JAX takes seconds to start. What was compiled and what failed is printed as JSON.
"""

import json
import sys
import warnings
from pathlib import Path

import jax
import numpy as np
from jax._src.interpreters import mlir
from jax._src.lib.mlir import ir
from jax.extend.core import Primitive
from safetensors.numpy import load_file, save_file


def parse(text: str) -> ir.Module:
    """The module of a text. Raises `MLIRError`, which names the line, where it is not one."""
    context = mlir.make_ir_context()
    with context:
        module = ir.Module.parse(text)
        module.operation.verify()
    return module


def main_of(module: ir.Module) -> ir.Operation:
    """The function `main` of a module."""
    return ir.SymbolTable(module.operation)["main"]


def aval_of(type_: ir.Type) -> jax.core.ShapedArray:
    """The shape and element type that JAX knows a ranked tensor by."""
    dtypes = {"f32": np.float32, "i32": np.int32, "ui32": np.uint32, "i1": np.bool_, "ui8": np.uint8}
    tensor = ir.RankedTensorType(type_)
    return jax.core.ShapedArray(tuple(tensor.shape), np.dtype(dtypes[str(tensor.element_type)]))


stablehlo_p = Primitive("stablehlo_module")
stablehlo_p.multiple_results = True


@stablehlo_p.def_abstract_eval
def _types(*_, text: str, name: str):
    del name
    with (module := parse(text)).context:
        results = main_of(module).type.results
        return [aval_of(result) for result in results]


def _lowered(ctx, *operands, text: str, name: str):
    """A call of the function, which is copied into the module that JAX is making."""
    target = ctx.module_context
    with target.module.context:
        module = ir.Module.parse(text)
        symbol = mlir.merge_mlir_modules(target.module, name, module, dst_symtab=target.symbol_table)
        results = [mlir.aval_to_ir_type(ctx.module_context, aval) for aval in ctx.avals_out]
        return mlir.func_dialect.CallOp(results, ir.FlatSymbolRefAttr.get(symbol), list(operands)).results


mlir.register_lowering(stablehlo_p, _lowered)


def compiled(text: str, name: str = "main"):
    """A function of arrays that runs `@main` of a text."""
    return jax.jit(lambda *arguments: stablehlo_p.bind(*arguments, text=text, name=name))


def run(folder: Path) -> list[dict[str, str]]:
    """Runs the cases of a folder; returns those that failed, with the reason."""
    failed = []
    for case in json.loads((folder / "cases.json").read_text()):
        try:
            arguments = load_file(folder / case["inputs"])
            results = compiled((folder / case["file"]).read_text())(
                *(arguments[str(k)] for k in range(len(arguments)))
            )
            save_file({str(k): np.asarray(r) for k, r in enumerate(results)}, folder / case["outputs"])
        except Exception as error:  # noqa: BLE001: each case says for itself what is wrong with it
            failed.append({"name": case["name"], "reason": f"{type(error).__name__}: {error}"})
    return failed


if __name__ == "__main__":
    warnings.simplefilter("error")
    print(json.dumps(run(Path(sys.argv[1]))))
