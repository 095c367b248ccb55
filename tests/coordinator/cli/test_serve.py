"""`serve`: what was released is served by the real command; a port that is taken is refused before anything is read."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from coordinator.web.load import load_monitor, log_size
from coordinator.web.monitor import YEAR
from tests.coordinator.cli.town import PERIOD, Town

WAIT_S = 120


def test_what_was_released_is_served_until_it_is_told_to_stop(town: Town) -> None:
    town.agree_and_run()
    before = load_monitor(town.office)
    assert not before.indicators
    town.release()
    made = load_monitor(town.office)
    assert log_size(town.office) == made.log_size > before.log_size
    assert {indicator.spans[YEAR].periods for indicator in made.indicators.values()} == {(PERIOD,)}
    program = str(Path(sys.executable).with_name("samenzicht-coordinator"))
    command = [program, "serve", "--dir", str(town.office), "--port", "0"]
    served = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert served.stderr is not None
        lines = iter(served.stderr.readline, "")
        address = next(line.strip() for line in lines if line.startswith("http"))
        with urlopen(f"{address}/wijken", timeout=WAIT_S) as answer:  # noqa: S310 - an address of our own command
            assert re.search(r"<h1>[^<]+</h1>", answer.read().decode())
            assert answer.headers["Content-Security-Policy"]
            assert answer.headers["Server"] is None
    finally:
        served.send_signal(signal.SIGTERM)
        served.communicate(timeout=WAIT_S)
    assert served.returncode in {0, -signal.SIGTERM}


def test_a_port_that_is_taken_and_a_context_without_its_form_are_refused(tmp_path: Path) -> None:
    made = Town(tmp_path, tmp_path / "partners")
    made.json("init", str(made.office))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = made.call("serve", "--port", str(taken.getsockname()[1]))
    assert refused.exit_code == 1
    assert "port-taken" in refused.stderr
    (tmp_path / "context.toml").write_text('[[break]]\nperiod = "2025-Q3"\n')
    wrong = made.call("serve", "--port", "0", "--context", str(tmp_path / "context.toml"))
    assert wrong.exit_code == 1
    assert "wrong-context" in wrong.stderr
    nothing = made.call("serve", "--port", "0")
    assert nothing.exit_code == 1
    assert "nothing-agreed" in nothing.stderr  # control: a free port is not refused, an empty office is
