"""What came of a fleet, in sentences."""

from __future__ import annotations

from qgis.core import QgsProcessingFeedback

from ...solvers.naming import counted, first_of, heads
from .dispatched import MINUTE, Dispatched

EMPTY_ROADS = (
    "Travel times are those of empty roads: where evacuees fill them, vehicles take longer and people wait longer."
)


def tell(found: Dispatched, feedback: QgsProcessingFeedback) -> None:
    """Log what came of it, period by period, and warn of who was not served."""
    for each in found.rolling.periods:
        feedback.pushInfo(
            f"Period {each.number + 1} ({found.case.start.text(each.begin / 1000.0, 'HH:mm')}): {heads(each.news)} "
            f"newly known; the plan is about {each.waiting:,} who are known and {each.expected:,} expected; "
            f"tours that start: {each.tours}, with {heads(each.fetched)}"
            + (f"; the plan has no tour for {each.left_out:,}" if each.left_out else "")
            + ("; no better plan exists for what is known (all were tried)." if each.proved else ".")
        )
    for sentence in sentences(found):
        feedback.pushInfo(sentence)
    reasons = by_reason(found)
    if reasons:
        named = first_of([f"{count:,}: {reason}" for reason, count, _ in reasons], "; ")
        feedback.pushWarning(f"Not served: {found.left:,} of {heads(found.people)} ({named}).")


def by_reason(found: Dispatched) -> list[tuple[str, int, list[str]]]:
    """Return reasons with people and requests, most people first; of requests that come true."""
    groups: dict[str, tuple[int, list[str]]] = {}
    for row in found.unserved:
        if row.real:
            count, keys = groups.get(row.reason, (0, []))
            groups[row.reason] = count + row.people, [*keys, row.key]
    return sorted(((why, *rest) for why, rest in groups.items()), key=lambda group: (-group[1], group[0]))


def sentences(found: Dispatched) -> list[str]:
    """Return what came of it, and what waiting and not knowing cost."""
    tours = found.rolling.tours
    if not tours:
        return ["Nobody was brought to a shelter."]
    served = found.rolling.served
    out = [
        f"Brought to shelters: {served:,} of {heads(found.people)} in {counted(len(tours), 'tour')}, the last at "
        f"minute {found.last_arrival:,.0f}; until aboard they waited {found.waiting:,.0f} person-minutes, "
        f"{found.waiting / served:,.1f} minutes each on average.",
        cost_of_waiting(found),
        worth_of_knowing(found),
        EMPTY_ROADS,
    ]
    if found.elsewhere:
        tours_ended = counted(found.elsewhere, "tour")
        out.insert(1, f"{tours_ended} ended at another shelter than planned, as the way there was cut off.")
    never = sum(row.people for row in found.unserved if not row.real)
    if never:
        out.append(f"Expected but never known, and so not fetched: {heads(never)}.")
    return out


def cost_of_waiting(found: Dispatched) -> str:
    """Return what WAIT_FOR_PERIOD costs."""
    if found.at_once is None:
        return "WAIT_FOR_PERIOD is off: vehicles went on at once with what the plan of the period had for them."
    stood = (
        f"WAIT_FOR_PERIOD: between tours vehicles stood {found.idle:,.0f} minutes in all until the next period began"
    )
    more, less = found.at_once.served - found.rolling.served, found.waiting - found.at_once.waiting / MINUTE
    if more:
        word = "more" if more > 0 else "fewer"
        return f"{stood}. If they had gone on at once, {heads(abs(more))} {word} would have been served."
    if less > 0.0:
        return f"{stood}, which costs {less:,.0f} person-minutes of waiting."
    if less == 0.0:
        return f"{stood}; going on at once would have changed nobody's waiting."
    return f"{stood}; going on at once would have cost {-less:,.0f} person-minutes of waiting more."


def worth_of_knowing(found: Dispatched) -> str:
    """Return what knowing everything from the start would be worth."""
    served, perfect, wait = found.rolling.served, found.perfect.served, found.perfect.waiting / MINUTE
    if perfect > served:
        return (
            f"If everything had been known from the start, {heads(perfect - served)} more could have been served "
            f"({perfect:,}, with {wait:,.0f} person-minutes of waiting)."
        )
    if found.perfect.waiting < found.rolling.waiting:
        return (
            f"If everything had been known from the start, the same people would have waited {wait:,.0f} "
            f"person-minutes, {found.waiting - wait:,.0f} less."
        )
    return "Nothing better was found for who had known everything from the start."
