"""Touches the world: plays a round as a program of its own, under the limits that its caller has set for it.

Started as `python -m tests.partner_node.vault.starved VAULT SCRIPT`. Each answer leaves as a line in
hexadecimal. The last line is `done`, or the name of the fault that stopped it.
"""

import sys
from pathlib import Path


def main() -> None:
    """Play the messages of a script, one hexadecimal line each."""
    try:
        # Within: under the tightest limits not even the program itself can be loaded.
        from partner_node.vault.vault import open_vault  # noqa: PLC0415 - idem
        from tests.partner_node.vault.vault_party import owner, played, vault_party  # noqa: PLC0415 - idem
        from tests.rounds import START_S  # noqa: PLC0415 - idem

        vault = open_vault(Path(sys.argv[1]), owner())
        script = tuple(map(bytes.fromhex, Path(sys.argv[2]).read_text().split()))
        for answer in played(vault_party(vault), script, START_S):
            sys.stdout.write(answer.hex() + "\n")
            sys.stdout.flush()
        vault.close()
    except BaseException as error:  # noqa: BLE001 - whatever it is, its name is what the test asks for
        sys.stdout.write(type(error).__name__ + "\n")
        sys.exit(3)
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
