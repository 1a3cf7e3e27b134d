"""The step of the Xor network in JAX, compiled as one function."""

import jax
import jax.numpy as jnp
import numpy as np
from timing import Call


def xor_step(hidden: int) -> Call:
    """Return a step of gradient descent on a batch of 10 points."""
    rng = np.random.default_rng(0)
    sizes = [(2, hidden), (hidden, hidden), (hidden, 1)]
    weights = [jnp.asarray(rng.uniform(-0.1, 0.1, size), jnp.float32) for size in sizes]
    biases = [jnp.zeros(size[1], jnp.float32) for size in sizes]
    x = jnp.asarray(rng.random((10, 2)), jnp.float32)
    y = (jnp.rint(x[:, :1]) != jnp.rint(x[:, 1:])).astype(jnp.float32)

    def loss(parameters: tuple[list[jax.Array], list[jax.Array]]) -> jax.Array:
        (first, second, last), (b, c, d) = parameters
        inner = jax.nn.relu(jax.nn.relu(x @ first + b) @ second + c)
        output = jax.nn.sigmoid(inner @ last + d)
        return -jnp.log(output * y + (output - 1.0) * (y - 1.0)).mean()

    @jax.jit
    def step(
        parameters: tuple[list[jax.Array], list[jax.Array]],
    ) -> tuple[list[jax.Array], list[jax.Array]]:
        gradients = jax.grad(loss)(parameters)
        return jax.tree.map(lambda p, g: p - 0.1 * g, parameters, gradients)

    state = [(weights, biases)]

    def once() -> None:
        state[0] = step(state[0])
        jax.block_until_ready(state[0])

    return once
