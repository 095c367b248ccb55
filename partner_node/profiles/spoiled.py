"""Computes nothing: what a planted cell of a sample says, by the reason for which the reader must count it.

Reasons are spelled as in `delivery/faults.py`.
"""

from partner_node.profiles.profile import DateForm

DATES = {
    DateForm.JJJJMMDD: {
        "unreadable-date": ("260314", "14 maart", "2026031", "2026-03"),
        "impossible-date": ("20260431", "20250229", "00010101", "99990101", "20261301"),
        "unknown-day": ("{year}{month}00",),
        "unknown-month": ("{year}0000",),
    },
    DateForm.DD_MM_JJJJ: {
        "unreadable-date": ("14-03-26", "14 maart 2026", "3/14/2026", "45000"),
        "impossible-date": ("31-04-2026", "29-02-2025", "01-01-0001", "01-01-9999", "01-13-2026"),
        "unknown-day": ("00-{month}-{year}",),
        "unknown-month": ("00-00-{year}",),
    },
}
AMOUNTS = {
    "unreadable-amount": ("1,5", "1.5", "1e308", "NaN", "inf", "1.000", "twee"),
    "amount-out-of-range": ("-1", "99999999999999999999"),
    "empty": ("",),
}
UNITS = {"empty": ("", "  "), "dummy-unit": ("0", "000000000", "999999999", "onbekend", "n.v.t.", "x")}
CODES = {"unknown-code": ("?", "XX99", "=1+1", "<b>x</b>"), "empty": ("",)}
FLAGS = {"unreadable-flag": ("misschien",), "empty": ("",)}
ODD_AREAS = {"unreadable-area": ("Centrum", "BU1"), "foreign-area": ("BU00010000", "GM0001"), "empty": ("",)}
# Without a house number there is no unit, and without a readable postcode neither unit nor place.
NO_HOUSE_NUMBERS = ("", "0", "onbekend")
POSTCODES = {"unknown-postcode": ("9999ZZ",), "unreadable-area": ("12AB", "Dorpsstraat"), "empty": ("",)}
