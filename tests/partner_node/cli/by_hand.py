"""What a partner's clean sample should count to, in plain Python, for each profile that comes with the node."""

from collections import Counter

from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.profile import Column, ColumnKind, RecordType, Route
from tests.partner_node.cli.partner import BUURTEN, Partner

COUNTED = {  # file, measure of units, measure of events
    "dierenpolitie": ("meldingen.csv", "dieren-huishoudens", "dieren-meldingen"),
    "ggd": ("signalen.csv", "ggd-huishoudens", "ggd-signalen"),
    "ggz": ("aanmeldingen.csv", "ggz-huishoudens", "ggz-aanmeldingen"),
    "jeugdhulp": ("trajecten.csv", "jeugdhulp-huishoudens", "jeugdhulp-trajecten"),
    "politie": ("incidenten.csv", "politie-huishoudens", "politie-incidenten"),
    "school": ("verzuim.csv", "school-huishoudens", "school-meldingen"),
    "veilig-thuis": ("meldingen.csv", "vt-casussen", "vt-meldingen"),
    "verslavingszorg": ("aanmeldingen.csv", "verslaving-huishoudens", "verslaving-aanmeldingen"),
}


def settled_households(partner: Partner) -> dict[str, str]:
    """Return the clean files with each household in one buurt: who is in two wijken is counted in one, by a hash."""
    files = {}
    for name, text in partner.samples.clean.items():
        if name != COUNTED[partner.party][0]:
            files[name] = text
            continue
        header, rows = _table(text)
        area = header.index(_record(partner).of_kind(ColumnKind.AREA)[0].header)
        for row in rows:
            household = _household(partner, dict(zip(header, row, strict=True)))
            row[area] = BUURTEN[sum(household.encode()) % 3]
        files[name] = "\r\n".join(";".join(row) for row in (header, *rows)) + "\r\n"
    return files


def counted_by_hand(partner: Partner) -> dict[tuple[str, str], int]:
    """Count 2025-Q4: households, and events of which at most two of one household count."""
    name, units, events = COUNTED[partner.party]
    header, rows = _table((partner.folder / "deliveries" / name).read_text())
    record = _record(partner)
    area = record.of_kind(ColumnKind.AREA)[0]
    times: Counter[tuple[str, str]] = Counter()
    for each in rows:
        row = dict(zip(header, each, strict=True))
        text = row[_column(record, record.day).header]
        year, month = (text[:4], text[4:6]) if text.isdigit() else (text[6:], text[3:5])
        if year == "2025" and month in {"10", "11", "12"} and row.get("Huiselijk geweld", "J") == "J":
            times[f"WK{row[area.header][2:8]}", _household(partner, row)] += 1
    result: Counter[tuple[str, str]] = Counter()
    for (wijk, _), many in times.items():
        result[f"{units}-wijk", wijk] += 1
        result[f"{events}-wijk", wijk] += min(many, 2)
    return dict(result)


def _table(text: str) -> tuple[list[str], list[list[str]]]:
    header, *rows = [line.split(";") for line in text.splitlines()]
    return header, rows


def _record(partner: Partner) -> RecordType:
    return next(each for each in PROFILES[partner.party].records if each.file == COUNTED[partner.party][0])


def _column(record: RecordType, name: str | None) -> Column:
    assert name is not None
    return record.column(name)


def _household(partner: Partner, row: dict[str, str]) -> str:
    """Return what makes two rows one household: the partner's own number, or else the address."""
    record = _record(partner)
    if PROFILES[partner.party].routes[0] is Route.HOUSEHOLD:
        return row[_column(record, record.household).header]
    kinds = (ColumnKind.POSTCODE, ColumnKind.HOUSE_NUMBER, ColumnKind.ADDITION)
    return " ".join(row[record.of_kind(kind)[0].header] for kind in kinds)
