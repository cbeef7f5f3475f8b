"""Who waits for the model gets it in turn, also in the middle of somebody's long work, and nobody's
answer is changed by that."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engrave.engine import Engine
from engrave.turns import Turns


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    while not true():
        threading.Event().wait(0.005)


def test_turns_are_taken_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order = Turns(), list[int]()

    def work(number: int) -> None:
        with turns.turn():
            order.append(number)

    with turns.turn():
        threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
        for number, thread in enumerate(threads, start=1):
            thread.start()
            wait_until(lambda number=number: len(turns._waiting) == number)  # type: ignore[misc]
    with turns.turn():  # asked for after them
        order.append(9)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4, 9]


def test_a_turn_can_be_lent_to_who_waits_and_nobody_else_comes_in_meanwhile() -> None:
    turns, inside, most = Turns(), [0], [0]
    finished = threading.Event()

    def work() -> None:
        with turns.turn():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            inside[0] -= 1
        finished.set()

    with turns.turn():
        turns.give_way()  # nobody waits
        thread = threading.Thread(target=work)
        thread.start()
        wait_until(lambda: len(turns._waiting) == 1)
        assert not finished.is_set()
        turns.give_way()
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        inside[0] -= 1
    thread.join()
    assert finished.is_set() and most == [1]


def test_a_turn_is_given_back_where_work_fails() -> None:
    turns = Turns()
    for _ in range(2):
        try:
            with turns.turn():
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
    with turns.turn():
        pass


def test_long_work_lets_short_work_in_and_every_answer_is_as_if_alone() -> None:
    engine = Engine.load()
    ends = engine.collection.latents[:2]
    picture = engine.decode(ends[:1])[0]

    def walk() -> np.ndarray:
        return engine.studio.path(
            ends[0], ends[1], shares=np.linspace(0, 1, 12).tolist(), mode="prior", curve="slerp",
            steps=12, progress=heard,
        )  # fmt: skip

    def imagine() -> np.ndarray:
        return engine.latent_of("text:a ship in a storm", seed=3, steps=6)

    def describe() -> list[str]:
        answer = engine.caption(picture, num=2, sampled=2)
        return [one.text for one in answer.candidates]

    passes: list[str] = []

    def heard(share: float, what: str) -> None:
        passes.append(what)
        if len(passes) == 3:  # the others are at the door
            wait_until(lambda: len(engine.studio._turns._waiting) >= 2)

    alone = imagine(), describe()
    with ThreadPoolExecutor(3) as pool:
        long = pool.submit(walk)
        wait_until(lambda: len(passes) >= 2)
        short = [pool.submit(imagine), pool.submit(describe)]
        drawn, told = short[0].result(), short[1].result()
        assert not long.done(), "the long work let the short work go first"
        beside = long.result()
    assert set(passes) == {"Finding the way"}, "nobody hears of another's passes"
    count, passes[:] = len(passes), [""] * 9  # alone nobody is waited for
    np.testing.assert_array_equal(walk(), beside)
    assert len(passes) - 9 == count
    np.testing.assert_array_equal(drawn, alone[0])
    assert told == alone[1]
