"""A binary heap of (time, number) pairs in two arrays, as kernels: the queue of events of every routing method.

Pairs are ordered by time, equal times by number: so ties between vehicles are broken by trip index ([E] Definition 6).
The caller owns the arrays and the size; a function that changes the size returns it.
"""

from __future__ import annotations

from ..kernels import compiled


@compiled
def rise(keys, items, hole, key, item):
    """Place a pair at or above the position ``hole``."""
    while hole > 0:
        parent = (hole - 1) >> 1
        if keys[parent] < key or (keys[parent] == key and items[parent] <= item):
            break
        keys[hole] = keys[parent]
        items[hole] = items[parent]
        hole = parent
    keys[hole] = key
    items[hole] = item


@compiled
def replace_first(keys, items, size, key, item):
    """Put a pair in the place of the first one, which is thereby taken out; the size stays."""
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (keys[other] < keys[child] or (keys[other] == keys[child] and items[other] < items[child])):
            child = other
        if keys[child] > key or (keys[child] == key and items[child] >= item):
            break
        keys[hole] = keys[child]
        items[hole] = items[child]
        hole = child
    keys[hole] = key
    items[hole] = item


@compiled
def push(keys, items, size, key, item):
    """Add a pair; return the new size."""
    rise(keys, items, size, key, item)
    return size + 1


@compiled
def drop_first(keys, items, size):
    """Take the first pair out; return the new size."""
    size -= 1
    if size > 0:
        replace_first(keys, items, size, keys[size], items[size])
    return size


@compiled
def fill_heap(keys, trips, departure):
    """Put every trip into the heap at its departure; return the size."""
    size = 0
    for trip in range(len(departure)):
        size = push(keys, trips, size, departure[trip], trip)
    return size
