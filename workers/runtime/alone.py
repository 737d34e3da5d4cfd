"""A round that runs by itself in the caller's thread: what a person started and waits for."""

from collections.abc import Callable

from workers.runtime.books import Books
from workers.runtime.requests import Apart, Pause
from workers.runtime.round import Round


def run_alone(round_: Round, books: Books, rest: Callable[[float], None]) -> None:
    """Run to the end; ``rest`` is called with the seconds of each pause. Raises what a worker would run again."""
    asking = round_.run()
    answer: object = None
    error: Exception | None = None
    while True:
        try:
            request = asking.throw(error) if error is not None else asking.send(answer)
        except StopIteration:
            return
        answer = error = None
        if isinstance(request, Pause):
            rest(request.seconds)
        elif isinstance(request, Apart):
            try:
                answer = request.action()
            except Exception as problem:
                error = problem
        else:
            (found,) = books.carry_out([request])
            answer, error = (None, found) if isinstance(found, Exception) else (found, None)
