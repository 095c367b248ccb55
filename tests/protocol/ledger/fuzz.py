"""Computes: mutated bytes from good ones, and what a parser does with them: every accepted input must write itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from protocol.errors import Refusal

# What a text format is most easily fooled by.
TOKENS = (
    b"\n", b"\n\n", b"\r\n", b"\0", b"\t", b" ", b"=", b"==", b"+", b"0", b"-", b"#", b"none", b"any", b"all", b"1e3",
    b"true", b"null", b"{", b"}", b'"', b"\\u0061", b"extra ", b"extra AA==\n", b"index ", b"log ", b"quorum none\n",
    "\N{EM DASH} ".encode(), "\N{NO-BREAK SPACE}".encode(), b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"AAAA",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tally:
    """How many inputs were accepted that are no seed, and the first that was written back as something else."""

    accepted: int
    altered: bytes | None


def mutated(seeds: Sequence[bytes], random: Random) -> bytes:
    """Return one seed with one to three random changes."""
    body = random.choice(seeds)
    for _ in range(random.randint(1, 3)):
        body = random.choice(CHANGES)(body, random)
    return body


def run(parse_and_write: Callable[[bytes], bytes], seeds: Sequence[bytes], *, inputs: int, random: Random) -> Tally:
    """Feed mutated inputs to a parser; any exception that is no refusal passes through, with the input as a note."""
    accepted = 0
    for _ in range(inputs):
        body = mutated(seeds, random)
        try:
            written = parse_and_write(body)
        except Refusal:
            continue
        except Exception as error:
            error.add_note(f"input: {body!r}")
            raise
        accepted += body not in seeds
        if written != body:
            return Tally(accepted, body)
    return Tally(accepted, None)


def _place(body: bytes, random: Random) -> int:
    return random.randint(0, len(body))


def _flip_bit(body: bytes, random: Random) -> bytes:
    place = random.randrange(max(1, len(body)))
    return (
        body[:place] + bytes(octet ^ 1 << random.randrange(8) for octet in body[place : place + 1]) + body[place + 1 :]
    )


def _replace_octet(body: bytes, random: Random) -> bytes:
    """Put a base64 letter or digit for another: what is still well-formed is the more dangerous."""
    place = random.randrange(max(1, len(body)))
    return body[:place] + random.choice(b"ABCDwxyz0129+/=").to_bytes(1, "big") + body[place + 1 :]


def _insert_token(body: bytes, random: Random) -> bytes:
    place = _place(body, random)
    return body[:place] + random.choice(TOKENS) + body[place:]


def _cut(body: bytes, random: Random) -> bytes:
    start, length = _place(body, random), random.choice((1, 2, 4, 40, 400))
    return body[:start] + body[start + length :]


def _repeat(body: bytes, random: Random) -> bytes:
    start, length = _place(body, random), random.choice((1, 4, 40, 400))
    return body[: start + length] + body[start:]


def _shuffle_lines(body: bytes, random: Random) -> bytes:
    lines = body.split(b"\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def _copy_line(body: bytes, random: Random) -> bytes:
    lines = body.split(b"\n")
    lines.insert(random.randrange(len(lines)), random.choice(lines))
    return b"\n".join(lines)


def _drop_line(body: bytes, random: Random) -> bytes:
    lines = body.split(b"\n")
    del lines[random.randrange(len(lines))]
    return b"\n".join(lines)


CHANGES = (_flip_bit, _replace_octet, _insert_token, _cut, _repeat, _shuffle_lines, _copy_line, _drop_line)
