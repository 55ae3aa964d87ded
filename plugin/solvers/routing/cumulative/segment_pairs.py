"""Finding pairs of alternative segments of one destination: the used way on from an arc, and the tree's way.

At every node the used way takes the arc with most flow of the destination. Which that is stands in a table of nodes
and is looked for again only when the flows about the node have changed so far that it may be another one.
"""

from __future__ import annotations

from ...kernels import compiled
from .cost import OWN

# Columns of the table of nodes: where the last pair's ways came by, and the arc with most flow, as far as it is known.
USED_SERIAL, USED_PLACE, TREE_SERIAL, TREE_PLACE, KNOWN, HEAVIEST, NEXT, SECOND = range(8)


@compiled
def look_for_heaviest(row, node, head, out_indptr, out_arc, table, stamp):
    """Write into the row of ``node`` which arc leaving it has most flow of this destination, -1 if none has any.

    Beside it stand the node that it leads to and the most that any other arc has.
    """
    best = -1
    most = 0.0
    second = 0.0
    for j in range(out_indptr[node], out_indptr[node + 1]):
        e = out_arc[j]
        own = table[e, OWN]
        if own > most:
            second = most
            most = own
            best = e
        elif own > second:
            second = own
    row[KNOWN] = stamp
    row[HEAVIEST] = best
    row[NEXT] = head[best] if best >= 0 else -1
    row[SECOND] = second


@compiled
def weigh_again(nodes, stamp, tail, head, table, e):
    """Take note, at the tail of arc ``e``, that its flow has changed."""
    row = nodes[tail[e]]
    if row[KNOWN] != stamp:
        return
    own = table[e, OWN]
    heaviest = int(row[HEAVIEST])
    if heaviest == e:
        if own <= row[SECOND]:
            row[KNOWN] = -1.0
    elif heaviest < 0 or own > table[heaviest, OWN]:
        row[SECOND] = table[heaviest, OWN] if heaviest >= 0 else 0.0
        row[HEAVIEST] = e
        row[NEXT] = head[e]
    elif own > row[SECOND]:
        row[SECOND] = own


@compiled
def find_pair(first, root, tail, head, out_indptr, out_arc, toward, table, nodes, stamp, serial, used, tree):
    """Follow the used way from arc ``first`` and the tree's way from its tail until they meet.

    Returns
    -------
    used_length, tree_length
        Lengths of both segments. ``tree_length`` is ``-2 - start`` when the used way runs in a circle, which is
        then ``used[start:used_length]``; ``used_length`` is 0 when the used way ends nowhere.
    """
    i = head[first]
    j = tail[first]
    used[0] = first
    used_length = 1
    tree_length = 0
    row = nodes[j]
    row[USED_SERIAL] = serial
    row[USED_PLACE] = 0
    row[TREE_SERIAL] = serial
    row = nodes[i]
    row[USED_SERIAL] = serial
    row[USED_PLACE] = 1
    while True:
        if j != root:
            e = toward[j]
            if e < 0:
                return 0, -1
            tree[tree_length] = e
            tree_length += 1
            j = head[e]
            row = nodes[j]
            row[TREE_SERIAL] = serial
            row[TREE_PLACE] = tree_length
            if row[USED_SERIAL] == serial:
                return int(row[USED_PLACE]), tree_length
        if i != root:
            row = nodes[i]
            if row[KNOWN] != stamp:
                look_for_heaviest(row, i, head, out_indptr, out_arc, table, stamp)
            if row[HEAVIEST] < 0.0:
                return 0, -1
            used[used_length] = int(row[HEAVIEST])
            used_length += 1
            i = int(row[NEXT])
            row = nodes[i]
            if row[USED_SERIAL] == serial:
                return used_length, -2 - int(row[USED_PLACE])
            row[USED_SERIAL] = serial
            row[USED_PLACE] = used_length
            if row[TREE_SERIAL] == serial:
                return used_length, int(row[TREE_PLACE])
