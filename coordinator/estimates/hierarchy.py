"""Computes: how areas add up to larger ones, as a tree, and what a geography's tree is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from coordinator.estimates.estimate import Floats, Places, wrong_shape
from protocol.words.geography import AreaCode, Geography, Level, level_of

MAX_DEPTH = 8  # region, gemeente, wijk, buurt, and as many again for periods


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """The nodes of one depth below the first. nodes, parents: int64, places; parent_at: place within the layer above.

    The children of one parent stand together.
    """

    nodes: Places
    parents: Places
    parent_at: Places
    sums: sparse.csr_array

    def summed(self, of_children: Floats) -> Floats:
        """Return for each node of the layer above the sum over its children; float64, shape (above, tables)."""
        return np.asarray(self.sums @ of_children)


@dataclass(frozen=True, eq=False, slots=True)
class Hierarchy:
    """A forest: parent is int64, shape (nodes,), the place of each node's parent, -1 for a root.

    The children of a node are all its parts and none is counted twice; the maker of the hierarchy answers for that.
    Raises: WrongShape, for a circle, an unknown parent or more than MAX_DEPTH depths.
    """

    parent: Places
    roots: Places
    layers: tuple[Layer, ...]

    @property
    def size(self) -> int:
        """The number of nodes."""
        return int(self.parent.size)


def hierarchy(parent: Sequence[int] | Places) -> Hierarchy:
    """Return the forest that these parents make.

    Raises: WrongShape.
    """
    places = np.asarray(parent, dtype=np.int64)
    if places.ndim != 1 or places.size == 0 or places.min() < -1 or places.max() >= places.size:
        raise wrong_shape("parents that are no places of nodes")
    depth = np.zeros(places.size, dtype=np.int64)
    above = places.copy()
    while (above >= 0).any():
        depth += above >= 0
        if depth.max() > MAX_DEPTH:
            raise wrong_shape("a circle of parents, or too many depths")
        above = np.where(above >= 0, places[above], -1)
    layers, previous = [], np.flatnonzero(depth == 0)
    roots = previous
    for level in range(1, int(depth.max()) + 1):
        nodes = np.flatnonzero(depth == level)
        nodes = nodes[np.argsort(places[nodes], kind="stable")]
        parent_at = _place_in(previous, places[nodes])
        ones = np.ones(nodes.size)
        sums = sparse.csr_array((ones, (parent_at, np.arange(nodes.size))), shape=(previous.size, nodes.size))
        layers.append(Layer(nodes, places[nodes], parent_at, sums))
        previous = nodes
    places.setflags(write=False)
    return Hierarchy(places, roots, tuple(layers))


@dataclass(frozen=True, eq=False, slots=True)
class AreaTree:
    """The areas of a geography as a tree. codes: of each node; None for the region, which is then the first."""

    tree: Hierarchy
    codes: tuple[AreaCode | None, ...]

    @property
    def wholes(self) -> Places:
        """The place of the area that each is a part of: its gemeente, or of a gemeente the region; a root's own."""
        whole = np.arange(self.tree.size)
        region = len(self.codes) > 1 and self.codes[0] is None and self.codes[1] is not None
        for depth, layer in enumerate(self.tree.layers):
            whole[layer.nodes] = layer.parents if region and depth == 1 else whole[layer.parents]
        whole.setflags(write=False)
        return whole


def levels_of(tree: Hierarchy) -> tuple[Places, ...]:
    """Return the places of the nodes of each depth, the roots first."""
    return (tree.roots, *(layer.nodes for layer in tree.layers))


def area_tree(geography: Geography, *, region: bool) -> AreaTree:
    """Return gemeenten, wijken and buurten as a tree. region: with a node above the gemeenten, which is their sum.

    PC4 areas are left out: they cross the wijken. `crossed.py` takes such pairs of divisions.
    """
    areas = [area for area in geography.areas if level_of(area.code) is not Level.PC4]
    codes: list[AreaCode | None] = [None] if region else []
    codes += [area.code for area in areas]
    place = {code: number for number, code in enumerate(codes)}
    top = 0 if region else -1
    parents = [top if area.parent is None else place[area.parent] for area in areas]
    return AreaTree(hierarchy([-1, *parents] if region else parents), tuple(codes))


def _place_in(previous: Places, wanted: Places) -> Places:
    order = np.argsort(previous, kind="stable")
    return np.asarray(order[np.searchsorted(previous[order], wanted)])
