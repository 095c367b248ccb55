"""Touches the world: `pause` and `resume`: the node declines every offer, at once and also while it runs."""

import typer

from partner_node.cli.configured import open_config
from partner_node.cli.files import write_new
from partner_node.cli.telling import NODE_FILE, AsJson, Lang, NodeFile, door, today

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("pause")
def pause_command(*, node: NodeFile = NODE_FILE, as_json: AsJson = False, lang: Lang = None) -> None:
    """Take part in no new round until `resume`. A round that this node is READY for goes on."""
    with door(lang, as_json=as_json) as teller:
        config = open_config(teller, node, lang)
        write_new(config.pause_path, f"{today()}\n".encode(), again=True)
        teller.result({"paused": True}, [teller.say("paused")])


@app.command("resume")
def resume_command(*, node: NodeFile = NODE_FILE, as_json: AsJson = False, lang: Lang = None) -> None:
    """Take part again."""
    with door(lang, as_json=as_json) as teller:
        config = open_config(teller, node, lang)
        config.pause_path.unlink(missing_ok=True)
        teller.result({"paused": False}, [teller.say("resumed")])
