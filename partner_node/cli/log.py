"""Touches the world: `log show` and `log verify`: the node's own log, and the per-unit replay of its accounts."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from partner_node.cli.files import write_new
from partner_node.cli.opening import open_node
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, Teller, aligned, door
from partner_node.node import Node
from partner_node.vault.accounts import load_accounts
from partner_node.vault.log import StoredTree
from partner_node.vault.replay import Accounts, Found, replay
from protocol.digest import digest_of
from protocol.replay import Replay, SignedReplay, sign_replay
from protocol.words.ids import Digest

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def _about() -> None:
    """Read and check the log."""


@app.command("show")
def show_command(*, node: NodeFile = NODE_FILE, as_json: AsJson = False, lang: Lang = None) -> None:
    """Show every entry of the log, in order."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang, ended=True)
        with opened.looking() as vault:
            tree = StoredTree(vault.connection)
            entries, root = [json.loads(leaf) for leaf in tree.leaves()], tree.root().hex()
        result = {"size": len(entries), "root": root, "entries": entries}
        teller.result(result, _shown(entries, teller))


@app.command("verify")
def verify_command(
    *,
    out: Annotated[Path | None, typer.Option("--out", help="the signed outcome, for the privacy officer")] = None,
    node: NodeFile = NODE_FILE,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Replay the accounts, unit by unit, and sign whether they hold."""
    with door(lang, as_json=as_json) as teller:
        opened = open_node(teller, node, lang, ended=True)
        with teller.phase("replaying"), opened.looking() as vault:
            accounts = load_accounts(vault)
            found = replay(accounts, cap=opened.agreed.covenant.party(opened.agreed.party).yearly_cap)
        signed = _signed(opened, accounts, found)
        if out is not None:
            write_new(out, signed.encode(), again=True)
            teller.tell("log-signed", file=out)
        checks = [{"check": each.check, "holds": each.holds, "about": list(each.about)} for each in found]
        tree = {"signed": signed.model_dump(mode="json"), "checks": checks}
        teller.result(tree, _verdict(found, teller))
        raise typer.Exit(0 if signed.replay.holds else 1)


def _signed(node: Node, accounts: Accounts, found: Sequence[Found]) -> SignedReplay:
    failed = tuple(each.check.value for each in found if not each.holds)
    outcome = Replay(
        covenant_digest=digest_of(node.agreed.covenant),
        party=node.agreed.party,
        log_size=len(accounts.leaves),
        log_root=Digest(accounts.root.hex()),
        holds=not failed,
        failed=failed,
    )
    return sign_replay(outcome, node.keys.identity)


def _shown(entries: Sequence[dict[str, object]], teller: Teller) -> Iterator[str]:
    if not entries:
        yield teller.say("log-empty")
        return
    rows = []
    for index, entry in enumerate(entries):
        rest = " ".join(f"{name}={value}" for name, value in sorted(entry.items()) if name not in {"kind", "version"})
        rows.append((str(index), str(entry["kind"]), rest))
    yield from aligned(rows)


def _verdict(found: Sequence[Found], teller: Teller) -> Iterator[str]:
    for each in found:
        outcome = teller.say("log-holds" if each.holds else "log-fails")
        about = f": {', '.join(each.about)}" if each.about else ""
        yield f"{outcome}: {teller.say(f'log-check-{each.check}')}{about}"
        if each.not_checked:
            yield teller.say("log-not-checked", rounds=each.not_checked)
    failed = sum(not each.holds for each in found)
    yield teller.say("log-does-not", failed=failed) if failed else teller.say("log-passes")
