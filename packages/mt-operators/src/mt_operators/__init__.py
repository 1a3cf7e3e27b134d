"""Module 0: operators with their derivatives, functional tools, the Module tree, toy datasets."""

from mt_operators.module import Module as Module
from mt_operators.op import Op as Op
from mt_operators.op import one as one
from mt_operators.op import op as op
from mt_operators.op import zero as zero
from mt_operators.operators import add as add
from mt_operators.operators import div as div
from mt_operators.operators import eq as eq
from mt_operators.operators import exp as exp
from mt_operators.operators import gt as gt
from mt_operators.operators import identity as identity
from mt_operators.operators import inv as inv
from mt_operators.operators import log as log
from mt_operators.operators import lt as lt
from mt_operators.operators import maximum as maximum
from mt_operators.operators import mul as mul
from mt_operators.operators import neg as neg
from mt_operators.operators import relu as relu
from mt_operators.operators import sigmoid as sigmoid
from mt_operators.operators import sqrt as sqrt
from mt_operators.operators import sub as sub
from mt_operators.operators import tanh as tanh
from mt_operators.parameter import Buffer as Buffer
from mt_operators.parameter import Holder as Holder
from mt_operators.parameter import Parameter as Parameter
