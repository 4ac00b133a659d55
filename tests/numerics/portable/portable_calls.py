"""Print, as JSON, what mathematics of a library the machine code of the kernels calls, and what it fuses."""

from __future__ import annotations

import json
import re

from portable_digests import results

from pymts.numerics.portable import double, exponential, logarithm, pcg, power, random, sine, special

MODULES = (double, exponential, logarithm, pcg, power, random, sine, special)
# Python's and numba's own names, and what LLVM has of integers, memory and signs.
HARMLESS = re.compile(
    r"Py|_Py|NRT_|numba_|llvm\.(memset|memcpy|memmove|u|s|fsh|abs|ctlz|is\.fpclass|fabs|x86|lifetime|vector\.reduce\.or"
    r"|assume|sqrt|experimental\.noalias|masked)"
)

if __name__ == "__main__":
    list(results(20))
    names, fused, kernels = [], 0, 0
    for module in MODULES:
        for function in vars(module).values():
            if not hasattr(function, "inspect_llvm"):
                continue
            for signature in function.signatures:
                kernels += 1
                names += re.findall(r"^declare .*?@\"?([\w.]+)", function.inspect_llvm(signature), re.MULTILINE)
                fused += len(re.findall(r"\bvfn?m(?:add|sub)", function.inspect_asm(signature)))
    print(
        json.dumps(
            {
                "kernels": kernels,
                "square roots": sum(name.startswith("llvm.sqrt") for name in names),
                "mathematics": sorted({name for name in names if not HARMLESS.match(name)}),
                "fused": fused,
            }
        )
    )
