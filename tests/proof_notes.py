"""Touches the world: reads the sources named in `privacy/proof_notes.toml`, and with --update writes reviews into it.

Each mechanism function has a note: what it claims, by which theorem, why the code is that theorem, who read it, and the
SHA-256 of what was read. Code that changed since then fails M17. After a change, read the function beside its theorem,
mend the note where it is no longer true, and run

    python -m tests.proof_notes --update --reviewer "name of who read it"

The digest covers the function and everything that it uses: definitions of its own file, and constants of other files
of the house. It leaves out what cannot change a result: comments, layout, docstrings and the texts of errors.
"""

import argparse
import ast
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTES = ROOT / "privacy" / "proof_notes.toml"
FIELDS = ("claim", "theorem", "source", "proof", "reviewer", "sha256")
TEXTS = {"got", "wanted", "act", "hint"}  # keywords of our errors; their wording is no part of a proof
HOUSE = ("protocol.", "privacy.")

Notes = dict[str, dict[str, str]]


def read_notes(text: str) -> tuple[tuple[str, ...], Notes]:
    """Return the files under review and the note of each function, keyed `path:name`."""
    tree = tomllib.loads(text)
    return tuple(tree.pop("files")), tree


def functions(root: Path, path: str) -> Iterator[str]:
    """Yield the public functions of a file, and its public classes that have a public method."""
    for node in _tree(root, path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            methods = [part for part in getattr(node, "body", ()) if isinstance(part, ast.FunctionDef)]
            if isinstance(node, ast.FunctionDef) or any(not method.name.startswith("_") for method in methods):
                yield node.name


def digest(root: Path, path: str, name: str) -> str:
    """Return the SHA-256 of what a function does."""
    seen: dict[tuple[str, str], object] = {}
    todo = [(path, name)]
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        node = _definitions(root, place[0])[place[1]]
        seen[place] = _shape(node)
        todo.extend(_used(root, place[0], node))
    body = json.dumps(sorted((*place, shape) for place, shape in seen.items()), separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def problems(root: Path, text: str) -> list[str]:
    """Return what is wrong: functions without a note, notes without a function, empty fields, changed code."""
    files, notes = read_notes(text)
    names = {f"{path}:{name}" for path in files for name in functions(root, path)}
    wrong = [f"{key}: no note" for key in sorted(names - set(notes))]
    wrong += [f"{key}: a note without a function" for key in sorted(set(notes) - names)]
    for key in sorted(names & set(notes)):
        wrong += [f"{key}: {field} is empty" for field in FIELDS if not notes[key].get(field, "").strip()]
        if notes[key].get("sha256") != digest(root, *key.split(":")):
            wrong.append(f"{key}: changed since it was read")
    return wrong


def updated(root: Path, text: str, reviewer: str) -> str:
    """Return the notes with the digest and reader of all changed functions renewed, and empty notes for new ones."""
    files, notes = read_notes(text)
    for path in files:
        for name in functions(root, path):
            key, now = f"{path}:{name}", digest(root, path, name)
            if key not in notes:
                empty = "".join(f'{field} = ""\n' for field in FIELDS[:-2])
                text += f'\n["{key}"]\n{empty}reviewer = {json.dumps(reviewer, ensure_ascii=False)}\nsha256 = "{now}"\n'
            elif notes[key].get("sha256") != now:
                text = _renewed(text, key, reviewer, now)
    return text


def main(arguments: list[str] | None = None) -> int:
    """Print what is wrong, or renew the notes; 0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof_notes", description="notes of proof, M17")
    parser.add_argument("--update", action="store_true", help="renew the digests of what was read again")
    parser.add_argument("--reviewer", metavar="NAME", help="who read the changed functions beside their theorems")
    options = parser.parse_args(arguments)
    if options.update and not options.reviewer:
        parser.error("--update needs --reviewer: a digest says that somebody read the code")
    if options.update:
        NOTES.write_text(updated(ROOT, NOTES.read_text(), options.reviewer))
    wrong = problems(ROOT, NOTES.read_text())
    print("\n".join(wrong) or "every function has its note")  # noqa: T201  a command of its own
    return 1 if wrong else 0


def _renewed(text: str, key: str, reviewer: str, sha256: str) -> str:
    start = text.index(f'["{key}"]')
    end = text.find("\n[", start)
    end = end if end != -1 else len(text)
    values = {"reviewer": json.dumps(reviewer, ensure_ascii=False), "sha256": f'"{sha256}"'}
    note = [
        f"{field} = {values[field]}" if (field := line.partition(" = ")[0]) in values else line
        for line in text[start:end].split("\n")
    ]
    return text[:start] + "\n".join(note) + text[end:]


@cache
def _tree(root: Path, path: str) -> ast.Module:
    return ast.parse((root / path).read_text())


@cache
def _definitions(root: Path, path: str) -> dict[str, ast.stmt]:
    """Return what a file defines at its top, and the imports of names from other files of the house."""
    named: dict[str, ast.stmt] = {}
    for node in _tree(root, path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            named[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            named |= {name.id: node for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(HOUSE):
            named |= {alias.asname or alias.name: node for alias in node.names}
    return named


def _used(root: Path, path: str, node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield what a definition uses: all of its own file, but only constants of others, whose functions have notes."""
    here = _definitions(root, path)
    for name in {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} & set(here):
        target = here[name]
        if not isinstance(target, ast.ImportFrom):
            yield path, name
            continue
        there = f"{(target.module or '').replace('.', '/')}.py"
        original = next(alias.name for alias in target.names if (alias.asname or alias.name) == name)
        if isinstance(_definitions(root, there).get(original), ast.Assign | ast.AnnAssign):
            yield there, original


def _shape(node: object) -> object:
    """Return a tree of lists and values in which only what can change a result is left."""
    if isinstance(node, list):
        return [_shape(part) for part in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {field: value for field, value in ast.iter_fields(node) if value not in (None, [])}
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    if isinstance(node, ast.Call):
        fields["keywords"] = [keyword for keyword in node.keywords if keyword.arg not in TEXTS]
    return [type(node).__name__, *([field, _shape(value)] for field, value in sorted(fields.items()))]


if __name__ == "__main__":
    sys.exit(main())
