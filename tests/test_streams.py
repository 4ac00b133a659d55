"""Streams of their own: labels beside process noise, and children for what is drawn again."""

from __future__ import annotations

import numpy as np
from numpy.random import SeedSequence, default_rng

from pymts.streams import Role, Streams


def test_what_is_drawn_again_is_a_child_of_one_process_stream() -> None:
    streams = Streams([3, 4], range(5, 8))
    parent = SeedSequence(4, spawn_key=(int(Role.PROCESS), 6))
    expected = default_rng(parent.spawn(3)[2].spawn(2)[1]).random(5)
    np.testing.assert_array_equal(streams.again(1, 1, 2, 1).random(5), expected)
    others = [streams.again(b, r, *key).random(5) for b, r, *key in ((0, 1, 2, 1), (1, 0, 2, 1), (1, 1, 1, 2))]
    for other in (*others, streams.process().uniform(5)[1, 1]):
        assert not np.intersect1d(other, expected).size


def test_labels_have_a_stream_of_their_own() -> None:
    streams = Streams([3], range(2))
    drawn = streams.labels().uniform(4)
    np.testing.assert_array_equal(drawn[0, 1], default_rng(SeedSequence(3, spawn_key=(4, 1))).random(4))
    for other in (streams.process(), streams.initial()):
        assert not np.intersect1d(drawn, other.uniform(4)).size
