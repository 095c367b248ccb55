"""Computes: what a vault that was restored from a backup may still do with the slots that were open in it: nothing new.

The backup cannot know what its vault did after it: a READY may have been locked and sent, an upload corrected. A second
payload of such a slot could open beside the first, and an ABORT beside a sent upload would let a coordinator that lies
open the sum with and without it (docs/protocol.md 10.6). So each such slot is charged and stands still.
"""

from dataclasses import replace

from protocol.round.memory import BookCharges, Command, Memory, Remember, SlotMemory
from protocol.round.transitions import Event, Side, State, next_state

# A corrected slot answers with stored bytes and draws nothing any more; done and aborted ones are final.
SETTLED_STATES = frozenset({State.CORRECTED, State.DONE, State.ABORTED, State.HALTED})


def halt(memory: Memory) -> tuple[Command, ...]:
    """Return the commands that halt every slot in which this vault could still do something new.

    A READY is charged: that is right if it was locked after the backup, and costs only budget if it was not. A slot
    whose READY ended is halted too: a newer attempt of it may have been sent.
    """
    commands: list[Command] = []
    for slot in memory.slots.values():
        if slot.state not in SETTLED_STATES:
            commands += _halted(slot)
    return tuple(commands)


def _halted(slot: SlotMemory) -> tuple[Command, ...]:
    charged: tuple[Command, ...] = (BookCharges(slot.slot),) if slot.state is State.READY else ()
    return (*charged, Remember(replace(slot, state=next_state(Side.PARTICIPANT, slot.state, Event.RESTORE))))
