"""The code on the pages, as tests: each fenced block marked `python` or `pycon`.

The blocks of one page run in order and share their names, as a reader would type them. A block
of `>>>` lines is compared with the output that the page shows, decimals to the precision shown.
A block with `exec=` is not a test: the documentation's build runs it.
"""

import re
from collections.abc import Iterator

from sybil import Document, Region, Sybil
from sybil.evaluators.doctest import NUMBER, DocTestEvaluator
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract.doctest import DocTestStringParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer
from workspace import ROOT

INFO = re.compile(r"(?:python|pycon)\b(?![^\n]*\bexec=)[^\n]*\n")

blocks = RawFencedCodeBlockLexer(INFO)
run = PythonEvaluator()
sessions = DocTestStringParser(DocTestEvaluator(NUMBER))


def fenced_python(document: Document) -> Iterator[Region]:
    """Every block of the page that is to run, in order."""
    for block in blocks(document):
        source = block.lexemes["source"]
        if source.startswith(">>>"):
            for session in sessions(source, document.path):
                session.adjust(block, source)
                yield session
        else:
            block.parsed, block.evaluator = source, run
            yield block


pages = Sybil(parsers=[fenced_python], patterns=["*.md"], path=str(ROOT))
