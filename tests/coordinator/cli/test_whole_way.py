"""From covenant to verified release by the operator's commands, with nodes on generated registers, by courier."""

import json

from privacy.audit.cli import read_files
from privacy.audit.verify import verify
from protocol.digest import digest_of
from protocol.study.declaration import Coverage
from protocol.words.ids import PartyId
from tests.coordinator.cli.town import NOW, PARTNERS, PERIOD, Town


def test_a_group_goes_from_covenant_to_verified_release_by_commands(town: Town) -> None:
    """ZN-16, ZN-17, C07, C09: deliveries and coverage are shown; a correction is new, the old release stays."""
    town.write_covenant()
    town.sign_covenant()
    assert town.json("covenant", "show")["state"] == "in-force"  # type: ignore[index]  # an object
    town.propose_study()
    assert all(line["approved"] for line in town.json("study", "status", "--now", NOW))  # type: ignore[attr-defined]
    town.start_nodes()
    for party in PARTNERS:
        town.declare(party, coverage=Coverage.PARTIAL if party == "school" else Coverage.COMPLETE)
    town.run_to_the_end()
    # Nobody publishes alone; and the operator's own key is no second person's.
    assert town.call("release", PERIOD).exit_code == 1
    own = town.call("approve-release", PERIOD, "--officer", "tweede", "--key", str(town.office / "identity.key"))
    assert own.exit_code == 1
    assert "bad-signature" in own.stderr
    town.json("approve-release", PERIOD, "--officer", "tweede", "--key", str(town.second_key()))
    first = town.json("release", PERIOD)
    assert town.json("release", PERIOD) == first  # a period is published once
    status = town.json("status", "--now", NOW, "--check")
    assert isinstance(status, dict)
    assert {(line["party"], line["complete_percent"]) for line in status["deliveries"]} == {
        ("politie", 100),
        ("school", 0),
        ("veilig-thuis", 100),
    }
    assert all(line["received"] is not None for line in status["deliveries"])
    out = town.home / "out"
    town.json("export", "--to", str(out))
    report = verify(read_files(out / "audit-bundle"), covenant_digest=digest_of(town.covenant()))
    assert report.holds
    figures = json.loads((out / "figures.json").read_text())["figures"]
    assert len(figures) == 6 * 19
    assert {entry["coverage"] for entry in figures if entry["source"].startswith("School")} == {"partial"}
    assert all((entry["value"] is None) == bool(entry["reason"]) for entry in figures)

    town.declare(PartyId("school"))
    town.json("run", PERIOD, "--now", NOW)  # takes the paper in; the round itself is over
    town.json("approve-release", PERIOD, "--correct", "--officer", "tweede", "--key", str(town.second_key()))
    second = town.json("correct", PERIOD)
    assert isinstance(second, dict)
    assert isinstance(first, dict)
    assert second["supersedes"] == first["release"]
    town.json("withdraw", PERIOD, "--reason", "wrong-delivery")
    town.json("export", "--to", str(out))
    assert verify(read_files(out / "public-bundle"), covenant_digest=digest_of(town.covenant())).holds
    after = json.loads((out / "figures.json").read_text())["figures"]
    assert {entry["reason"] for entry in after} == {"withdrawn"}
