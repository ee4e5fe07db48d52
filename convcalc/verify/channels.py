"""slice, channel_shuffle, flatten, dropout: an array in; its channels picked or reordered, out."""

from convcalc.verify.runner import REQUIRED, Array, Prepared, Runner


class Slice(Runner):
    """Channels start to stop − 1, as Python slices."""

    defaults = {"start": 0, "stop": None}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        taken = inputs[0][self.settings["start"] : self.settings["stop"]]
        if not len(taken):
            raise ValueError(f"nothing of {self.channels} channels is taken")
        return taken


class ChannelShuffle(Runner):
    """The channels of `groups` groups, interleaved."""

    defaults = {"groups": REQUIRED}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        (x,) = inputs
        if self.channels % self.settings["groups"]:
            raise ValueError(
                f"{self.settings['groups']} groups don't divide {self.channels} channels"
            )
        rest = tuple(range(2, x.ndim + 1))
        grouped = x.reshape(self.settings["groups"], -1, *x.shape[1:])
        return grouped.transpose(1, 0, *rest).reshape(*x.shape)


class Flatten(Runner):
    """All elements as one vector."""

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        return inputs[0].reshape(-1)


class Dropout(Runner):
    """The identity, at inference."""

    defaults = {"p": 0.5}

    def run(self, weights: Prepared, *inputs: Array) -> Array:
        return inputs[0]
