"""The circuit breaker: a broken server rests, a healthy one never does."""

from __future__ import annotations

from toolweave.servers.breaker import FIRST_REST, LONGEST_REST, Breaker


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def broken(clock: Time) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(6):
        assert breaker.refusal() is None
        breaker.note("it did not start")
    return breaker


def test_a_server_that_fails_again_and_again_rests_and_says_why() -> None:
    assert broken(Time()).refusal() == ("it rests, because 6 of its last 6 starts and calls failed: it did not start")


def test_after_the_rest_one_is_let_through_and_its_answer_ends_it() -> None:
    breaker = broken(clock := Time())
    clock.seconds = FIRST_REST
    assert breaker.refusal() is None
    assert breaker.refusal() is not None
    breaker.note()
    assert breaker.refusal() is None
    for _ in range(5):
        breaker.note("lost")
        assert breaker.refusal() is None


def test_every_rest_in_a_row_is_twice_as_long_up_to_a_bound() -> None:
    breaker, rests = broken(clock := Time()), list[float]()
    for _ in range(7):
        began = clock.seconds
        while breaker.refusal() is not None:
            clock.seconds += 1.0
        rests.append(clock.seconds - began)
        breaker.note("it did not start")
    assert rests == [5.0, 10.0, 20.0, 40.0, 80.0, LONGEST_REST, LONGEST_REST]


def test_a_server_that_answers_one_call_in_four_never_rests() -> None:
    breaker = Breaker(Time())
    for number in range(200):
        breaker.note("lost" if number % 4 else "")
        assert breaker.refusal() is None
