"""What the machine code of a kernel shows, and what it should.

Read from the disassembly of `nvdisasm -c` and the resource table of `cuobjdump -res-usage`. An
instruction is `/*0a30*/ @!P0 LDG.E.128 R4, [R2.64] ;`: an address, perhaps a predicate, a name with
its modifiers after dots, and operands.
"""

import re
from collections import Counter
from dataclasses import dataclass

INSTRUCTION = re.compile(
    r"^\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?(?P<name>[A-Z]\w*)(?P<modifiers>(?:\.\w+)*)"
    r"(?P<operands>.*?);"
)
LABEL = re.compile(r"^(\.L_x_\d+):")
TARGET = re.compile(r"`\((\.L_x_\d+)\)")
RESOURCE = re.compile(r"(REG|STACK|SHARED|LOCAL):(\d+)")
DOUBLE = re.compile(r"D(ADD|MUL|FMA|SETP|MNMX)(\..*)?|.*\.F64(\..*)?|MUFU\.\w+64H?")


@dataclass(frozen=True)
class Findings:
    """What a kernel's machine code shows.

    Attributes:
        registers: of each thread.
        shared: bytes of shared memory of each block, with what the system takes.
        stack: bytes of local memory of each thread; spilled registers go there.
        spills: loads and stores of local memory.
        instructions: how many there are.
        vectors: loads of 128 bits from global memory.
        share: of multiply-adds among the instructions of the longest loop; 0 without a loop.
        doubles: instructions on float64.
    """

    registers: int
    shared: int
    stack: int
    spills: int
    instructions: int
    vectors: int
    share: float
    doubles: int


@dataclass(frozen=True)
class Wants:
    """What a kernel's machine code should show.

    Attributes:
        registers: at most.
        vectors: loads of 128 bits, at least.
        share: of multiply-adds in the main loop, at least.
        float64: whether it computes in float64.
        local: whether CUDA's own library needs local memory for it, and float64 for what it keeps
            there: the angle of a sine is reduced with a table of the digits of pi.
    """

    registers: int = 255
    vectors: int = 0
    share: float = 0.0
    float64: bool = False
    local: bool = False


def judge(found: Findings, wanted: Wants) -> list[str]:
    """Return what is wrong, in words; nothing if all is right."""
    local = f"{found.stack} bytes of local memory, {found.spills} spills"
    doubles = f"{found.doubles} float64 instructions in a float32 kernel"
    rules = (
        ((found.stack or found.spills) and not wanted.local, f"{local}; there should be none"),
        (found.doubles and not (wanted.float64 or wanted.local), doubles),
        (
            found.registers > wanted.registers,
            f"{found.registers} registers, more than {wanted.registers}",
        ),
        (
            found.vectors < wanted.vectors,
            f"{found.vectors} loads of 128 bits, fewer than {wanted.vectors}",
        ),
        (
            found.share < wanted.share,
            f"{found.share:.1%} multiply-adds in the main loop, less than {wanted.share:.0%}",
        ),
    )
    return [problem for broken, problem in rules if broken]


def examine(disassembly: str, resources: str) -> Findings:
    """Read the output of the toolkit's two tools."""
    names, labels, jumps = _instructions(disassembly)
    used = {name: int(value) for name, value in RESOURCE.findall(resources)}
    whole = Counter(names)
    return Findings(
        registers=used.get("REG", 0),
        shared=used.get("SHARED", 0),
        stack=used.get("STACK", 0) + used.get("LOCAL", 0),
        spills=_count(whole, r"(LDL|STL)(\..*)?"),
        instructions=len(names),
        vectors=_count(whole, r"LDG\..*128.*"),
        share=_share(names, labels, jumps),
        doubles=sum(n for name, n in whole.items() if DOUBLE.fullmatch(name)),
    )


def _instructions(disassembly: str) -> tuple[list[str], dict[str, int], dict[int, str]]:
    """Return the names in order, where each label is, and where jumps go."""
    names: list[str] = []
    labels: dict[str, int] = {}
    jumps: dict[int, str] = {}
    for line in disassembly.splitlines():
        if label := LABEL.match(line):
            labels[label[1]] = len(names)
        elif found := INSTRUCTION.match(line):
            if found["name"] == "BRA" and (target := TARGET.search(found["operands"])):
                jumps[len(names)] = target[1]
            names.append(found["name"] + found["modifiers"])
    return names, labels, jumps


def _share(names: list[str], labels: dict[str, int], jumps: dict[int, str]) -> float:
    loops = [
        names[labels[label] : place + 1]
        for place, label in jumps.items()
        if labels.get(label, place) < place
    ]
    main = max(loops, key=len, default=[])
    return sum(name.startswith(("FFMA", "DFMA")) for name in main) / max(len(main), 1)


def _count(names: Counter[str], pattern: str) -> int:
    return sum(n for name, n in names.items() if re.fullmatch(pattern, name))
