"""Computes: where a Python source reaches for chance, and where it leaves the integers (tests M02 and M13)."""

import ast
from collections.abc import Iterator

# Every NumPy name that the noise path uses; each gives integers when it is given integers.
INTEGER_NUMPY = frozenset(
    {"any", "arange", "array", "concatenate", "empty", "flatnonzero", "frombuffer", "repeat", "searchsorted", "zeros"}
    | {"int16", "int32", "int64", "signedinteger", "sort", "uint16", "uint32", "uint64", "unique"}
)
INTEGER_MATH = frozenset({"isqrt", "gcd"})
BANNED_MODULES = ("random", "secrets", "numpy.random", "torch", "opendp", "diffprivlib")
BANNED_CALLS = ("os.urandom", "os.getrandom", "np.random", "numpy.random")
DEVICES = ("/dev/random", "/dev/urandom", "/dev/hwrng")

CHANCE_HOME = "privacy/randomness.py"
NOISE_HOME = "privacy/noise.py"


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, and the empty text for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (left := dotted(node.value)):
        return f"{left}.{node.attr}"
    return ""


def float_findings(source: str) -> list[str]:
    """Return what could bring a float into this source: literals, divisions, conversions, NumPy beyond the list."""
    return sorted({finding for node in ast.walk(ast.parse(source)) for finding in _floats_of(node)})


def _floats_of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Constant(value=float() | complex()):
            yield f"line {node.lineno}: a float literal"
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            yield f"line {node.lineno}: a true division"
        case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp(op=ast.USub())):
            yield f"line {node.lineno}: a negative power"
        case ast.Name(id="float" | "complex" | "round" | "pow"):
            yield f"line {node.lineno}: {node.id}"
        case ast.Constant(value="float" | "float32" | "float64" | "f4" | "f8" | "<f4" | "<f8" | "d"):
            yield f"line {node.lineno}: a float dtype"
        case ast.Attribute(attr="mean" | "std" | "var" | "true_divide" | "__truediv__"):
            yield f"line {node.lineno}: {node.attr}"
        case ast.Attribute(value=ast.Name(id="np"), attr=name) if name not in INTEGER_NUMPY:
            yield f"line {node.lineno}: np.{name}"
        case ast.ImportFrom(module="math", names=names):
            yield from (f"line {node.lineno}: math.{name.name}" for name in names if name.name not in INTEGER_MATH)
        case ast.Import(names=names):
            wrong = {"math", "cmath", "decimal", "statistics", "random", "scipy"} & {name.name for name in names}
            yield from (f"line {node.lineno}: import {name}" for name in wrong)
        case _:
            pass


def chance_findings(source: str, *, path: str) -> list[str]:
    """Return where this source, at this path of the house, takes chance or draws noise out of its home."""
    found = {finding for node in ast.walk(ast.parse(source)) for finding in _chance_of(node, path)}
    return sorted(found)


def _chance_of(node: ast.AST, path: str) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (f"line {node.lineno}: import {name.name}" for name in names if _is_banned(name.name))
        case ast.ImportFrom(module=str(module), names=names):
            for name in names:
                full = f"{module}.{name.name}"
                if _is_banned(full) or (full in BANNED_CALLS and path != CHANCE_HOME):
                    yield f"line {node.lineno}: from {module} import {name.name}"
                if module == "privacy.gaussian_table" and path != NOISE_HOME:
                    yield f"line {node.lineno}: a noise table outside its home"
        case ast.Attribute() if dotted(node) in BANNED_CALLS and path != CHANCE_HOME:
            yield f"line {node.lineno}: {dotted(node)}"
        case ast.Constant(value=str(text)) if any(device in text for device in DEVICES):
            yield f"line {node.lineno}: a random device"
        case ast.Call(func=function, args=arguments, keywords=keywords):
            yield from _chance_of_call(dotted(function), arguments, keywords, path)
        case _:
            pass


def _chance_of_call(function: str, arguments: list[ast.expr], keywords: list[ast.keyword], path: str) -> Iterator[str]:
    named = [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
    if function.endswith(("import_module", "__import__")) and any(_is_banned(str(name)) for name in named):
        yield f"line {arguments[0].lineno}: a hidden import of chance"
    if function.endswith(".rvs"):
        yield f"a draw by {function}"
    if (
        function.endswith(".take")
        and any(word.arg == "lane" for word in keywords)
        and path not in {NOISE_HOME, CHANCE_HOME}
    ):
        yield f"bytes for noise outside its home ({function})"
    # A known key is for a node's frozen seed and for simulations; everyone else asks for a fresh source.
    if function.endswith("RandomSource") and not path.startswith((CHANCE_HOME, "partner_node/", "simulations/")):
        yield f"a source with a given key ({function})"


def _is_banned(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in BANNED_MODULES)
