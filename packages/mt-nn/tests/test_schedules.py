import math

import pytest

import mt_tensor as mt
from mt_nn import Parameter
from mt_nn.optim import SGD, Adagrad, lr_scheduler


def optimizer(lr=1.0, **options):
    return SGD([Parameter(mt.zeros(1))], lr=lr, **options)


def rates(make, steps):
    schedule = make(optimizer())
    seen = schedule.get_last_lr()
    for _ in range(steps):
        schedule.step()
        seen += schedule.get_last_lr()
    return seen


def test_curves():
    s = lr_scheduler
    assert rates(lambda o: s.StepLR(o, 2, 0.5), 4) == [1, 1, 0.5, 0.5, 0.25]
    assert rates(lambda o: s.MultiStepLR(o, [3, 1], 0.5), 4) == [1, 0.5, 0.5, 0.25, 0.25]
    assert rates(lambda o: s.ExponentialLR(o, 0.5), 3) == [1, 0.5, 0.25, 0.125]
    assert rates(lambda o: s.ConstantLR(o, 0.5, 2), 3) == [0.5, 0.5, 1, 1]
    assert rates(lambda o: s.LinearLR(o, 0.5, 1.0, 2), 3) == [0.5, 0.75, 1, 1]
    assert rates(lambda o: s.LambdaLR(o, lambda t: t * t), 3) == [0, 1, 4, 9]
    cosine = [0.5 * (1 + math.cos(math.pi * t / 4)) for t in range(5)]
    assert rates(lambda o: s.CosineAnnealingLR(o, 4), 4) == pytest.approx(cosine, abs=1e-15)


def test_one_after_another():
    def make(o):
        parts = [lr_scheduler.LinearLR(o, 0.5, 1.0, 2), lr_scheduler.StepLR(o, 1, 0.5)]
        return lr_scheduler.SequentialLR(o, parts, [2])

    assert rates(make, 4) == [0.5, 0.75, 1.0, 0.5, 0.25]


def test_groups_keep_their_proportion():
    groups = [{"params": [Parameter(mt.zeros(1))], "lr": lr} for lr in (1.0, 0.1)]
    schedule = lr_scheduler.ExponentialLR(SGD(groups), 0.5)
    schedule.step()
    assert schedule.get_last_lr() == [0.5, 0.05]


def test_one_cycle_goes_up_and_down_and_momentum_the_other_way():
    made = optimizer(momentum=0.9)
    schedule = lr_scheduler.OneCycleLR(made, 1.0, 11, pct_start=0.5, anneal_strategy="linear")
    seen = [(made.param_groups[0]["lr"], made.param_groups[0]["momentum"])]
    for _ in range(10):
        schedule.step()
        seen.append((made.param_groups[0]["lr"], made.param_groups[0]["momentum"]))
    top = max(range(11), key=lambda t: seen[t][0])
    assert seen[0] == pytest.approx((0.04, 0.95))
    assert 4 <= top <= 5
    assert seen[10] == pytest.approx((4e-6, 0.95))
    assert min(m for _, m in seen) == seen[top][1]
    with pytest.raises(ValueError, match="OneCycleLR: the cycle of 11 steps is over"):
        schedule.step()


def test_a_plateau_reduces_after_patience():
    made = optimizer()
    schedule = lr_scheduler.ReduceLROnPlateau(made, factor=0.5, patience=1, cooldown=1)
    seen = []
    for loss in [1.0, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.1]:
        schedule.step(loss)
        seen += schedule.get_last_lr()
    assert seen == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert schedule.best == 0.1


@pytest.mark.parametrize(
    "make",
    [
        lambda o: lr_scheduler.CosineAnnealingLR(o, 8),
        lambda o: lr_scheduler.OneCycleLR(o, 1.0, 9),
        lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.0),
    ],
)
def test_a_schedule_goes_on_where_it_was(make):
    def run(schedule, times):
        for t in times:
            schedule.step(*(1.0,) * (type(schedule) is lr_scheduler.ReduceLROnPlateau))
            seen.append((t, schedule.get_last_lr()))

    seen = []
    whole = make(optimizer(momentum=0.9))
    run(whole, range(7))
    expected, seen = seen, []
    first_optimizer = optimizer(momentum=0.9)
    first = make(first_optimizer)
    run(first, range(4))
    second_optimizer = optimizer(momentum=0.9)
    second = make(second_optimizer)
    second_optimizer.load_state_dict(first_optimizer.state_dict())
    second.load_state_dict(first.state_dict())
    run(second, range(4, 7))
    assert seen == expected


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s, o: s.StepLR(o, 0), "StepLR: step_size must be a positive integer, not 0"),
        (lambda s, o: s.LinearLR(o, total_iters=0), "LinearLR: total_iters must be a positive"),
        (lambda s, o: s.CosineAnnealingLR(o, -1), "CosineAnnealingLR: T_max must be a positive"),
        (lambda s, o: s.SequentialLR(o, [], [1]), "0 schedulers need -1 milestones, not 1"),
        (lambda s, o: s.OneCycleLR(o, 1.0, 0), "OneCycleLR: total_steps must be a positive"),
        (
            lambda s, o: s.OneCycleLR(o, 1.0, 9, pct_start=2.0),
            "OneCycleLR: pct_start must lie between 0 and 1, not 2.0",
        ),
        (
            lambda s, o: s.OneCycleLR(o, 1.0, 9, anneal_strategy="log"),
            "anneal_strategy must be 'cos' or 'linear', not 'log'",
        ),
        (lambda s, o: s.ReduceLROnPlateau(o, factor=1.0), "factor must be below 1, not 1.0"),
        (lambda s, o: s.ReduceLROnPlateau(o, "low"), "mode must be 'min' or 'max', not 'low'"),
        (
            lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="log"),
            "threshold_mode must be 'rel' or 'abs', not 'log'",
        ),
    ],
)
def test_numbers_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make(lr_scheduler, optimizer(momentum=0.9))


def test_one_cycle_needs_a_momentum_to_move():
    made = Adagrad([Parameter(mt.zeros(1))])
    with pytest.raises(ValueError, match="Adagrad has no momentum; cycle_momentum=False"):
        lr_scheduler.OneCycleLR(made, 1.0, 9)
    schedule = lr_scheduler.OneCycleLR(made, 1.0, 9, cycle_momentum=False)
    assert schedule.get_last_lr() == pytest.approx([0.04])
