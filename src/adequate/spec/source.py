"""What does a function of the user's file say, apart from how it is laid out?

Two questions about the same text: has it changed (comments, blank lines and quotes don't count), and how is it written
down elsewhere. A function is more than its body: the imports, constants and helpers at the top of its file that it
uses, and those that they use, belong to it.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from adequate.spec.blame import short

Definition: TypeAlias = ast.FunctionDef | ast.Lambda
BINDING = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A function in words.

    Args:
        text: as written, comments included, decorators not; a lambda as an expression.
        meaning: equal for code that does the same, whatever its layout.
        needs: the statements of its file that it uses, in the order of the file.
    """

    text: str
    meaning: str
    needs: tuple[str, ...] = ()


def read(function: Callable[..., Any]) -> Source:
    """The source of a function; where no file holds it (a prompt, a callable object), what else tells it apart."""
    if isinstance(said := getattr(function, "written", None), str):  # one of ours, with a name that says it all
        return Source(text=said, meaning=said)
    if not isinstance(function, FunctionType):
        return Source(text=repr(function), meaning=f"{type(function).__module__}.{type(function).__qualname__}")
    return of_file(function)


@cache  # the file may be edited later, while a long-lived process still holds what it read
def of_file(function: FunctionType) -> Source:
    """The source of a function as its file has it now."""
    lines = linecache.getlines(function.__code__.co_filename)
    tree = ast.parse("".join(lines)) if lines else ast.Module([], [])
    node = find(tree, function.__code__)
    if node is None:
        return Source(text=function.__qualname__, meaning=bytecode(function.__code__))
    needed = [tree.body[i] for i in sorted(statements(tree, node, function.__globals__))]
    held = [repr(cell.cell_contents) for cell in function.__closure__ or ()]  # a slice made in a loop or by a factory
    return Source(
        text=segment(lines, node),
        meaning="\n".join([*sorted(map(ast.unparse, needed)), ast.unparse(plain(node)), *held]),
        needs=tuple(segment(lines, statement) for statement in needed),
    )


def place(function: Callable[..., Any]) -> str:
    """Where a function stands, for people: `project.py:12`."""
    code = getattr(function, "__code__", None)
    return repr(function) if code is None else f"{short(code.co_filename)}:{code.co_firstlineno}"


def find(tree: ast.Module, code: CodeType) -> Definition | None:
    """The definition that was compiled to `code`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if (node.name, first) == (code.co_name, code.co_firstlineno):
                return node
        # Several lambdas may share a line: the column of the first instruction says which one it is.
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
            places = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
            body = node.body
            end = (body.end_lineno or body.lineno, body.end_col_offset or 0)
            if all((body.lineno, body.col_offset) <= place <= end for place in places):
                return node
    return None


def statements(tree: ast.Module, node: ast.AST, values: dict[str, Any]) -> set[int]:
    """Which top-level statements `node` uses, directly or through one another."""
    binders: dict[str, list[int]] = {}
    for i, statement in enumerate(tree.body):
        if isinstance(statement, BINDING):
            for name in bound(statement):
                binders.setdefault(name, []).append(i)
    found: set[int] = set()
    waiting = [node]
    while waiting:
        names = {part.id for part in ast.walk(waiting.pop()) if isinstance(part, ast.Name)}
        for name in names:
            if type(values.get(name)).__module__.partition(".")[0] == "adequate":
                continue  # the project, a task or a slice: declared, not used
            fresh = set(binders.get(name, ())) - found
            found |= fresh
            waiting += [tree.body[i] for i in fresh if tree.body[i] is not node]
    return {i for i in found if tree.body[i] is not node}


def bound(statement: ast.stmt) -> list[str]:
    """The names that a top-level statement defines."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in statement.names]
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]  # type: ignore[attr-defined]
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def plain(node: Definition) -> Definition:
    """The definition without decorators: they say what the function is for, not what it does."""
    if isinstance(node, ast.Lambda):
        return node
    return ast.FunctionDef(**{**dict(ast.iter_fields(node)), "decorator_list": []}, lineno=node.lineno)


def segment(lines: list[str], node: ast.AST) -> str:
    """The text of a node, indented as if it stood at the margin."""
    text = ast.get_source_segment("".join(lines), node, padded=True) or ""
    margin = len(text) - len(text.lstrip())
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in text.split("\n")).strip()


def bytecode(code: CodeType) -> str:
    """What the interpreter runs: the last resort, it changes with the version of Python."""
    nested = [bytecode(constant) if isinstance(constant, CodeType) else repr(constant) for constant in code.co_consts]
    return "\n".join([code.co_code.hex(), *nested, *code.co_names])
