"""Training scripts as a learner of the course writes them, run unchanged on each backend."""

# ruff: noqa: S311  a learner's names; samples, not secrets

import random

import pytest

import minitorch
from minitorch.jit import cuda

SIMPLE, FAST = minitorch.SimpleBackend, minitorch.TensorBackend(minitorch.FastOps)


class ScalarLinear(minitorch.Module):
    def __init__(self, in_size, out_size):
        super().__init__()
        self.weights = []
        self.bias = []
        for i in range(in_size):
            self.weights.append([])
            for j in range(out_size):
                self.weights[i].append(
                    self.add_parameter(
                        f"weight_{i}_{j}", minitorch.Scalar(2 * (random.random() - 0.5))
                    )
                )
        for j in range(out_size):
            self.bias.append(
                self.add_parameter(f"bias_{j}", minitorch.Scalar(2 * (random.random() - 0.5)))
            )

    def forward(self, inputs):
        outputs = [b.value for b in self.bias]
        for i, x in enumerate(inputs):
            for j in range(len(outputs)):
                outputs[j] = outputs[j] + x * self.weights[i][j].value
        return outputs


class ScalarNetwork(minitorch.Module):
    def __init__(self, hidden):
        super().__init__()
        self.layer1 = ScalarLinear(2, hidden)
        self.layer2 = ScalarLinear(hidden, hidden)
        self.layer3 = ScalarLinear(hidden, 1)

    def forward(self, x):
        middle = [h.relu() for h in self.layer1.forward(x)]
        end = [h.relu() for h in self.layer2.forward(middle)]
        return self.layer3.forward(end)[0].sigmoid()


def train_scalar(data, hidden, rate, epochs):
    model = ScalarNetwork(hidden)
    optim = minitorch.SGD(model.parameters(), rate)
    losses = []
    for _ in range(epochs):
        total_loss = 0.0
        correct = 0
        optim.zero_grad()
        for i in range(data.N):
            x_1, x_2 = data.X[i]
            y = data.y[i]
            x_1 = minitorch.Scalar(x_1)
            x_2 = minitorch.Scalar(x_2)
            out = model.forward((x_1, x_2))
            if y == 1:
                prob = out
                correct += 1 if out.data > 0.5 else 0
            else:
                prob = -out + 1.0
                correct += 1 if out.data < 0.5 else 0
            loss = -prob.log()
            (loss / data.N).backward()
            total_loss += loss.data
        losses.append(total_loss)
        optim.step()
    return losses, correct


class TensorLinear(minitorch.Module):
    def __init__(self, in_size, out_size, backend):
        super().__init__()
        self.weights = self.random("weights", backend, in_size, out_size)
        self.bias = self.random("bias", backend, out_size)
        self.out_size = out_size

    def random(self, name, backend, *shape):
        return minitorch.Parameter(2 * (minitorch.rand(shape, backend=backend) - 0.5), name)

    def forward(self, x):
        batch, in_size = x.shape
        return (self.weights.value.view(1, in_size, self.out_size) * x.view(batch, in_size, 1)).sum(
            1
        ).view(batch, self.out_size) + self.bias.value.view(self.out_size)


class MatrixLinear(TensorLinear):
    def forward(self, x):
        return x @ self.weights.value + self.bias.value.view(1, self.out_size)


class TensorNetwork(minitorch.Module):
    def __init__(self, hidden, backend, linear):
        super().__init__()
        self.layer1 = linear(2, hidden, backend)
        self.layer2 = linear(hidden, hidden, backend)
        self.layer3 = linear(hidden, 1, backend)

    def forward(self, x):
        h = self.layer1.forward(x).relu()
        h = self.layer2.forward(h).relu()
        return self.layer3.forward(h).sigmoid()


def train_tensor(data, hidden, rate, epochs, backend, linear):  # noqa: PLR0913, PLR0917
    model = TensorNetwork(hidden, backend, linear)
    optim = minitorch.SGD(model.parameters(), rate)
    X = minitorch.tensor(data.X, backend=backend)
    y = minitorch.tensor(data.y)
    losses = []
    for _ in range(epochs):
        optim.zero_grad()
        out = model.forward(X).view(data.N)
        prob = (out * y) + (out - 1.0) * (y - 1.0)
        loss = -prob.log()
        (loss / data.N).sum().view(1).backward()
        total_loss = loss.sum().view(1)[0]
        losses.append(total_loss)
        optim.step()
        y2 = minitorch.tensor(data.y)
        correct = int(((out.detach() > 0.5) == y2).sum()[0])
        assert loss.backend == backend
    return losses, correct


@pytest.fixture
def data():
    random.seed(1)
    return minitorch.datasets["Simple"](20)


def test_scalars_learn(data):
    losses, correct = train_scalar(data, hidden=4, rate=0.5, epochs=200)
    assert losses[-1] < 0.75 * losses[0]
    assert correct >= 18


@pytest.mark.parametrize("linear", [TensorLinear, MatrixLinear])
@pytest.mark.parametrize("backend", [SIMPLE, FAST], ids=["simple", "fast"])
def test_tensors_learn_the_same_on_each_backend(data, backend, linear):
    random.seed(2)
    losses, correct = train_tensor(data, 4, 0.5, 60 if backend is FAST else 15, backend, linear)
    assert losses[-1] < losses[0]
    assert correct >= (18 if backend is FAST else 10)
    random.seed(2)
    again, _ = train_tensor(data, 4, 0.5, 3, SIMPLE, linear)
    assert losses[:3] == pytest.approx(again, rel=1e-9)


@pytest.mark.skipif(not cuda.is_available(), reason="no GPU and no simulator of one")
def test_tensors_take_the_same_steps_on_a_gpu(data):
    backend = minitorch.TensorBackend(minitorch.CudaOps)
    random.seed(2)
    losses, _ = train_tensor(data, 2, 0.5, 2, backend, MatrixLinear)
    random.seed(2)
    expected, _ = train_tensor(data, 2, 0.5, 2, SIMPLE, MatrixLinear)
    assert losses == pytest.approx(expected, rel=1e-9)


class Network(minitorch.Module):
    """The course's network for pictures, without zero_grad and with a name that starts as None."""

    def __init__(self):
        super().__init__()
        self.mid = None
        self.out = None
        self.conv = minitorch.Parameter(0.1 * (minitorch.rand((2, 1, 3, 3), FAST) - 0.5))
        self.linear = MatrixLinear(2 * 4, 3, FAST)

    def forward(self, x):
        batch = x.shape[0]
        self.mid = minitorch.conv2d(x, self.conv.value).relu()
        self.out = minitorch.avgpool2d(self.mid, (2, 2)).view(batch, 8)
        h = minitorch.dropout(self.out, 0.25, self.mode == "eval")
        return minitorch.logsoftmax(self.linear.forward(h), dim=1)


def test_a_network_for_pictures_learns_without_clearing_gradients():
    random.seed(0)
    model = Network()
    model.train()
    x = minitorch.tensor([[[[(n + 1) / 3] * 4] * 4] for n in range(3)], backend=FAST)
    y = minitorch.tensor([[float(i == j) for j in range(3)] for i in range(3)], backend=FAST)
    optim = minitorch.SGD(model.parameters(), 0.1)
    losses = []
    for _ in range(30):
        x.requires_grad_(True)
        out = model.forward(x)
        prob = (out * y).sum(1)
        loss = -(prob / y.shape[0]).sum()
        loss.view(1).backward()
        losses.append(loss[0])
        optim.step()
    assert losses[-1] < losses[0]
    model.eval()
    m = minitorch.max(model.forward(x), 1)
    assert m.shape == (3, 1)
    assert model.mid is not None
