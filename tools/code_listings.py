"""Code on a page, read from its file when the site is built: a hook of MkDocs.

A line `<!-- code: mt_operators.operators sigmoid relu -->` on a page becomes these definitions,
with their decorators, as they stand in that module; `Class.method` names a method. Without names
it becomes the whole module. A page can therefore not show code that is no longer there.

A line `<!-- files: mt_operators -->` becomes a table of the files of that package, each with the
first line of its docstring.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from workspace import ROOT

DIRECTIVE = re.compile(r"^<!-- code: (?P<module>[\w.]+)(?P<names>(?: [\w.]+)*) -->$", re.MULTILINE)
FILES = re.compile(r"^<!-- files: (?P<package>\w+) -->$", re.MULTILINE)
FENCE = "`" * 4


def on_page_markdown(markdown: str, **_: object) -> str:
    """Replace each directive of a page by what it names."""
    markdown = FILES.sub(lambda match: file_table(match["package"]), markdown)
    return DIRECTIVE.sub(lambda match: listing(match["module"], match["names"].split()), markdown)


def listing(module: str, names: list[str]) -> str:
    """A fenced block with definitions of a module, under the path of its file.

    Args:
        module: its dotted name.
        names: what to show, in this order; nothing means the whole file.

    Raises:
        LookupError: there is no such module in the workspace, or no such name in it.
    """
    file = find(module)
    text = file.read_text(encoding="utf-8")
    parts = [definition(text, name, module) for name in names] or [text.strip()]
    code = "\n\n\n".join(parts)
    return f'{FENCE}python title="{file.relative_to(ROOT).as_posix()}"\n{code}\n{FENCE}'


def file_table(package: str) -> str:
    """A table of the files of a package: their paths inside it, and what each says it holds.

    Raises:
        LookupError: there is no such package in the workspace.
    """
    folder = find(package).parent
    files = sorted(folder.rglob("*.py"), key=lambda file: (file.parent, file.name))
    rows = [f"| `{file.relative_to(folder).as_posix()}` | {headline(file)} |" for file in files]
    return "\n".join(["| file | what it holds |", "| --- | --- |", *rows])


def headline(file: Path) -> str:
    """The first line of a file's docstring, `""` if it has none."""
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def find(module: str) -> Path:
    """The file of a module of the workspace.

    Raises:
        LookupError: there is none.
    """
    path = module.replace(".", "/")
    for name in (f"{path}.py", f"{path}/__init__.py"):
        for file in ROOT.glob(f"packages/*/src/{name}"):
            return file
    message = f"no module {module} in the workspace"
    raise LookupError(message)


def definition(text: str, name: str, module: str = "this text") -> str:
    r"""The source of one function, class or variable, by its dotted name.

    Raises:
        LookupError: `text` defines no such name.

    >>> definition("x = 1\n\ndef f():\n    return x", "f")
    'def f():\n    return x'
    """
    nodes: list[ast.stmt] = ast.parse(text).body
    node: ast.stmt | None = None
    for part in name.split("."):
        node = next((node for node in nodes if part in defined(node)), None)
        if node is None:
            message = f"{module} defines no {name}"
            raise LookupError(message)
        nodes = getattr(node, "body", [])
    return source(text, node) if node else ""


def defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def source(text: str, node: ast.stmt) -> str:
    """The lines of a statement, decorators included, without their common indentation."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    lines = text.splitlines()[first - 1 : node.end_lineno]
    return "\n".join(line[node.col_offset :] for line in lines)
