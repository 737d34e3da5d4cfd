"""Which deliveries run next."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from tests.workers.runtime.messages import delivery
from workers.runtime.delivery import Delivery
from workers.runtime.lanes import Lanes


def ids(deliveries: list[Delivery]) -> list[str]:
    return [one.event_id for one in deliveries]


def test_a_round_takes_one_company_and_at_most_a_batch() -> None:
    lanes = Lanes(round_size=3)
    for number in range(4):
        lanes.add(delivery(f"a{number}", connection="a", subject=f"order/{number}"), 0.0)
    lanes.add(delivery("b0", connection="b"), 0.0)

    first, second, third = lanes.next_round(0.0), lanes.next_round(0.0), lanes.next_round(0.0)

    assert ids(first) == ["a0", "a1", "a2"]
    assert ids(second) == ["b0"]
    assert ids(third) == ["a3"]


def test_events_of_one_object_never_run_side_by_side() -> None:
    lanes = Lanes()
    lanes.add(delivery("sale", subject="order/1"), 0.0)
    lanes.add(delivery("refund", subject="refund/9", partitionkey="order/1"), 0.0)

    first = lanes.next_round(0.0)
    meanwhile = lanes.next_round(0.0)
    lanes.finished(first)
    second = lanes.next_round(0.0)

    assert (ids(first), ids(meanwhile), ids(second)) == (["sale"], [], ["refund"])


def test_inventory_of_one_company_runs_one_round_after_another() -> None:
    lanes = Lanes(round_size=1)
    lanes.add(delivery("l1", workflow="inventory", subject="level/1"), 0.0)
    lanes.add(delivery("l2", workflow="inventory", subject="level/2"), 0.0)

    first, meanwhile = lanes.next_round(0.0), lanes.next_round(0.0)

    assert (ids(first), ids(meanwhile)) == (["l1"], [])


def test_a_postponed_lane_rests_and_keeps_its_order_while_others_go_on() -> None:
    lanes = Lanes(round_size=2)
    for number in range(3):
        lanes.add(delivery(f"a{number}", connection="a", subject=f"order/{number}"), 0.0)
    taken = lanes.next_round(0.0)
    lanes.postpone(taken, taken, until=5.0)
    lanes.add(delivery("b0", connection="b"), 0.0)

    during = [ids(lanes.next_round(1.0)), ids(lanes.next_round(1.0))]
    wakes = lanes.wakes_at()
    after = ids(lanes.next_round(5.0))

    assert during == [["b0"], []]
    assert wakes == 5.0
    assert after == ["a0", "a1"]


@given(
    arrivals=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), max_size=40),
    moves=st.lists(st.sampled_from(["next", "finish", "postpone"]), max_size=60),
)
def test_nothing_is_lost_and_each_object_keeps_its_order(
    arrivals: list[tuple[str, int]], moves: list[str]
) -> None:
    lanes, running, done = Lanes(round_size=3, rounds_per_lane=2), deque[list[Delivery]](), list[Delivery]()
    for number, (connection, order) in enumerate(arrivals):
        lanes.add(delivery(f"{number:03}", connection=connection, subject=f"order/{order}"), 0.0)

    for move in [*moves, *["next", "finish"] * 60]:
        if move == "next":
            taken = lanes.next_round(100.0)
            if taken:
                running.append(taken)
        elif running and move == "finish":
            over = running.popleft()
            done.extend(over)
            lanes.finished(over)
        elif running:
            again = running.popleft()
            lanes.postpone(again, again, until=1.0)

    assert sorted(ids(done)) == [f"{number:03}" for number in range(len(arrivals))]
    for key in {(one.connection_id, one.object_key) for one in done}:
        of_one = [one.event_id for one in done if (one.connection_id, one.object_key) == key]
        assert of_one == sorted(of_one)


def fill(lanes: Lanes, count: int, *, set_aside: bool = False) -> None:
    for number in range(count):
        one = delivery(f"a{number:03}", connection="a", subject=f"order/{number}", set_aside=set_aside)
        lanes.add(one, 0.0)


def test_a_lane_that_stands_still_keeps_a_few_batches_and_gives_the_rest_away_in_order() -> None:
    lanes = Lanes(rounds_per_lane=1)
    fill(lanes, 400)
    lanes.add(delivery("b0", connection="b"), 0.0)
    running = lanes.next_round(0.0)

    soon, later = lanes.surplus(0.9), lanes.surplus(1.1)

    assert soon == []
    assert ids(later) == [f"a{number:03}" for number in range(len(running) + 120, 400)]
    assert ids(lanes.next_round(2.1)) == ["b0"]


def test_a_lane_that_stands_still_keeps_all_it_has_while_there_is_room_for_others() -> None:
    lanes = Lanes(rounds_per_lane=1)
    fill(lanes, 250)

    assert lanes.surplus(60.0) == []


def test_surplus_of_the_backlog_queue_takes_turns_now_and_then() -> None:
    lanes = Lanes(rounds_per_lane=1)
    fill(lanes, 150, set_aside=True)

    first = lanes.surplus(60.0)
    for one in first:
        lanes.add(one, 60.0)
    soon, later = lanes.surplus(60.1), lanes.surplus(60.3)

    assert ids(first) == [f"a{number:03}" for number in range(120, 150)]
    assert (soon, ids(later)) == ([], ids(first))


def test_a_lane_that_moves_keeps_all_it_has() -> None:
    lanes = Lanes()
    fill(lanes, 400)
    lanes.next_round(5.0)

    assert lanes.surplus(5.1) == []
