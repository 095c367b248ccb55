"""Damaged bytes into every decoder on a network path: a value or a refusal by name, soon, and in little memory."""

import io
import pickle
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from protocol.errors import SamenzichtError
from tests.flower.decoders import Decoder, decoders
from tests.house import ROOT, every_import
from tests.protocol.ledger.fuzz import mutated

PUSHED, MILLION = 1_000, 1_000_000
MOST_S = 1.0
MOST_GROWTH_KB = 300 << 10
NAMES = [decoder.name for decoder in decoders()]


def fuzz(decoder: Decoder, *, inputs: int, seed: int) -> int:
    """Feed damaged inputs, and some of nothing but chance; return how many there were.

    Whatever is raised and not ours passes through, with the input as a note.
    """
    chance = Random(seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(inputs):
        body = mutated(decoder.seeds, chance) if chance.random() < 0.9 else chance.randbytes(chance.randrange(300))
        begun = time.process_time()
        try:
            decoder.decode(body)
        except SamenzichtError:
            pass
        except Exception as error:
            error.add_note(f"{decoder.name}, input: {body!r}")
            raise
        assert time.process_time() - begun < MOST_S, body
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_KB
    return inputs


def decoder_of(name: str) -> Decoder:
    return next(decoder for decoder in decoders() if decoder.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_no_decoder_lets_an_exception_out(name: str) -> None:
    """T06: a thousand a push."""
    assert fuzz(decoder_of(name), inputs=PUSHED, seed=6) == PUSHED


@pytest.mark.parametrize("name", NAMES)
def test_a_good_input_is_read(name: str) -> None:
    """Control: what is spoiled above is not refused for another reason."""
    decoder = decoder_of(name)
    assert decoder.decode(decoder.seeds[0]) is not None


@pytest.mark.nightly
@pytest.mark.parametrize("name", NAMES)
def test_no_decoder_lets_an_exception_out_by_night(name: str, record_property: Callable[[str, object], None]) -> None:
    """T06: a million inputs a decoder; the slowest takes ten minutes, all eleven half an hour of one core."""
    seed = int(time.time())
    record_property("seed", seed)
    begun = time.process_time()
    assert fuzz(decoder_of(name), inputs=MILLION, seed=seed) == MILLION
    sys.stdout.write(f"{name}: {MILLION} inputs in {time.process_time() - begun:.0f} s\n")


def test_a_decoder_that_trusts_its_input_would_be_seen() -> None:
    """Negative control."""
    trusting = Decoder("trusting", (b'{"a": 1}',), lambda body: body.decode("ascii"))
    with pytest.raises(UnicodeDecodeError):
        fuzz(trusting, inputs=PUSHED, seed=6)


SERIALISERS = {"pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "yaml"}


def unpicklers(text: str) -> list[str]:
    """Return the lines that could build an object from bytes."""
    words = ("np.load(", "numpy.load(", "allow_pickle", "eval(", "exec(", "from_pickle", "read_pickle")
    return [line.strip() for line in text.splitlines() if any(word in line for word in words)]


def test_nothing_of_ours_unpickles() -> None:
    """T08: in no package, on a network path or not."""
    assert not [found for found in every_import() if found.module.split(".")[0] in SERIALISERS]
    sources = [
        path
        for package in ("protocol", "privacy", "partner_node", "coordinator")
        for path in (ROOT / package).rglob("*.py")
    ]
    assert len(sources) > 100
    assert not [line for path in sources for line in unpicklers(path.read_text())]


def test_a_line_that_unpickles_would_be_seen() -> None:
    """Negative control."""
    assert unpicklers("values = np.load(path, allow_pickle=True)") == ["values = np.load(path, allow_pickle=True)"]


class Bomb:
    """Runs a call when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("name", NAMES)
def test_a_pickle_in_the_place_of_a_message_is_never_opened(name: str, tmp_path: Path) -> None:
    """T08: as it is, and in an array of objects as numpy writes it."""
    mark, whole = tmp_path / "mark", io.BytesIO()
    np.save(whole, np.array([Bomb(mark)], dtype=object), allow_pickle=True)
    for body in (pickle.dumps(Bomb(mark)), whole.getvalue()):
        try:
            decoder_of(name).decode(body)
        except SamenzichtError:
            continue
    assert not mark.exists()
    pickle.loads(pickle.dumps(Bomb(mark)))  # noqa: S301 - the control: opened, it would leave its mark
    assert mark.exists()
