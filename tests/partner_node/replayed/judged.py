"""Computes: what two runs of neighbours differ in, laid beside what was declared, charged and may be seen."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from partner_node.delivery.addresses import PART
from partner_node.vault.unit_key import unit_keys
from tests import example
from tests.partner_node.replayed.agreed import CAP, DECLARED, OWN
from tests.partner_node.replayed.households import NO_IDS, Family
from tests.partner_node.replayed.node import LAYOUT, ReplayedNode, Seen
from tests.replay import compare

NANO = 10**9


class NotHidden(AssertionError):
    """Two neighbours differ in more than the noise hides, or in what may be seen of them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How near the pairs came. pairs: how many. changed: in how many a noise call got other counts.

    nearest: the largest measured distance as a share of what was charged. left_out: runs in which the cap was felt.
    """

    pairs: int = 0
    changed: int = 0
    nearest: Fraction = Fraction(0)
    left_out: int = 0

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(
            self.pairs + other.pairs,
            self.changed + other.changed,
            max(self.nearest, other.nearest),
            self.left_out + other.left_out,
        )


def judge_family(node: ReplayedNode, family: Family) -> Measured:
    """Run every database of a family and judge every pair of them.

    Raises: NotHidden, DifferentCalls, DifferentValue.
    """
    runs = [node.run(family.deliveries(variant)) for variant in range(len(family.variants))]
    found = Measured(left_out=sum(run.left_out for run in runs))
    for one, other in combinations(range(len(runs)), 2):
        found += judge_pair((runs[one], runs[other]), (_units(family, one), _units(family, other)))
    return found


def judge_pair(runs: tuple[Seen, Seen], mine: tuple[frozenset[bytes], frozenset[bytes]]) -> Measured:
    """Compare two runs of neighbours. mine: the keys of the units that the one household is in each of them.

    Raises: NotHidden, DifferentCalls, DifferentValue.
    """
    if runs[0].visible != runs[1].visible:
        raise NotHidden("what may be seen differs")
    distances = compare(runs[0].recorder, runs[1].recorder)
    # k units of one household weigh k times their sum (DESIGN 4); the rows of a changed household go, and others come.
    _check_tables(runs, weight=sum(len(keys) ** 2 for keys in mine))
    nearest = Fraction(0)
    for number, distance in enumerate(distances):
        charged = [run.charged[number] for run in runs]
        strangers = [{key: paid for key, paid in side.items() if key not in mine[0] | mine[1]} for side in charged]
        if strangers[0] != strangers[1]:
            raise NotHidden("a household that did not change is charged otherwise")
        most = sum(len(keys) * sum(side.get(key, 0) for key in keys) for side, keys in zip(charged, mine, strict=True))
        if distance * NANO > most:
            raise NotHidden("the measured distance is larger than what was charged")
        nearest = max(nearest, distance * NANO / most) if most else nearest
    if max(amount for run in runs for amount in _book(run).values()) > CAP:
        raise NotHidden("a unit was charged more than the cap")
    return Measured(pairs=1, changed=any(distances), nearest=nearest)


def _check_tables(runs: tuple[Seen, Seen], *, weight: int) -> None:
    """Compare each table's squared distance with the declared one of a unit, times a weight."""
    for number, (one, other) in enumerate(zip(runs[0].recorder.calls, runs[1].recorder.calls, strict=True)):
        squares = dict.fromkeys(DECLARED, 0)
        first = 0
        for table, cells in LAYOUT[number]:
            apart = one.values[first : first + cells] - other.values[first : first + cells]
            squares[table] += int((apart**2).sum())
            first += cells
        for table, declared in DECLARED.items():
            if squares[table] > weight * declared:
                raise NotHidden(f"table {table} changed by more than its declared sensitivity")


def _units(family: Family, variant: int) -> frozenset[bytes]:
    """Return the keys of the units that a household's rows are: its id's, and a row's own where there is no id."""
    texts = {
        f"own{PART}verzuimmelding{PART}{row.event.lower()}" if row.unit in NO_IDS else f"household{PART}{family.name}"
        for row in family.variants[variant]
    }
    return frozenset(bytes(key) for key in unit_keys(example.secret(f"node {OWN}"), sorted(texts)))


def _book(run: Seen) -> dict[bytes, int]:
    book = {b"nobody": 0}
    for charged in run.charged:
        for key, amount in charged.items():
            book[key] = book.get(key, 0) + amount
    return book
