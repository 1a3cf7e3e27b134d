from dataclasses import replace

import pytest

from mt_cuda.check.findings import Findings, Wants, examine, judge

RESOURCES = """
Resource usage:
 Common:
  GLOBAL:0
 Function kernel:
  REG:40 STACK:0 SHARED:9216 LOCAL:0 CONSTANT[0]:612 TEXTURE:0 SURFACE:0 SAMPLER:0
"""

CLEAN = """
.text.kernel:
        /*0000*/                   LDC R1, c[0x0][0x28] ;
        /*0010*/                   S2R R0, SR_TID.X ;
.L_x_1:
        /*0020*/                   LDG.E.128 R4, [R2.64] ;
        /*0030*/              @!P0 LDG.E.128.CONSTANT R8, [R2.64+0x10] ;
        /*0040*/                   FFMA R4, R4, R8, R12 ;
        /*0050*/                   FFMA R5, R5, R9, R12 ;
        /*0060*/              @P0  BRA `(.L_x_1) ;
.L_x_2:
        /*0070*/                   LDS.128 R4, [R2] ;
        /*0080*/                   BRA `(.L_x_2) ;
        /*0090*/                   BRA `(.L_x_3) ;
.L_x_3:
        /*00a0*/                   STG.E desc[UR4][R2.64], R4 ;
        /*00b0*/                   EXIT ;
"""


def test_reading_a_disassembly():
    assert examine(CLEAN, RESOURCES) == Findings(
        registers=40,
        shared=9216,
        stack=0,
        spills=0,
        instructions=12,
        vectors=2,
        share=0.4,
        doubles=0,
    )


def test_no_loop_has_no_share():
    assert examine("        /*0000*/   FFMA R4, R4, R8, R12 ;", "").share == 0.0


@pytest.mark.parametrize(
    "instruction",
    [
        "DADD R4, R4, R8",
        "@P1 DFMA R4, R4, R8, R2",
        "F2F.F64.F32 R4, R8",
        "I2F.F64 R4, R8",
        "MUFU.RCP64H R5, R7",
        "DSETP.GEU.AND P0, PT, R4, R8, PT",
    ],
)
def test_float64_is_found(instruction):
    assert examine(f"        /*0000*/   {instruction} ;", "").doubles == 1


@pytest.mark.parametrize("instruction", ["FADD R4, R4, R8", "F2F.F16.F32 R4, R8", "DEPBAR.LE SB0"])
def test_other_instructions_are_not_float64(instruction):
    assert examine(f"        /*0000*/   {instruction} ;", "").doubles == 0


@pytest.mark.parametrize("instruction", ["LDL R4, [R1]", "STL.64 [R1+0x8], R4", "LDL.LU R4, [R1]"])
def test_spills_are_found(instruction):
    assert examine(f"        /*0000*/   {instruction} ;", "").spills == 1


FOUND = examine(CLEAN, RESOURCES)


def test_what_is_as_it_should_be_has_no_problem():
    assert judge(FOUND, Wants(registers=40, vectors=2, share=0.4)) == []


@pytest.mark.parametrize(
    ("found", "wants", "problem"),
    [
        (FOUND, Wants(registers=39), "40 registers, more than 39"),
        (FOUND, Wants(vectors=3), "2 loads of 128 bits, fewer than 3"),
        (FOUND, Wants(share=0.85), "40.0% multiply-adds in the main loop, less than 85%"),
        (replace(FOUND, doubles=3), Wants(), "3 float64 instructions in a float32 kernel"),
        (
            replace(FOUND, stack=8, spills=2),
            Wants(),
            "8 bytes of local memory, 2 spills; there should be none",
        ),
    ],
)
def test_each_regression_is_a_problem(found, wants, problem):
    assert judge(found, wants) == [problem]


def test_float64_is_right_where_it_is_wanted():
    assert judge(replace(FOUND, doubles=3), Wants(float64=True)) == []
    assert judge(replace(FOUND, doubles=3, stack=32, spills=9), Wants(local=True)) == []
