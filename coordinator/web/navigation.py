"""Computes nothing: the pages of the menu: address, Dutch and English name. A new page adds its line here."""

NAVIGATION = (
    ("/", "Start", "Start"),
    ("/wijken", "Wijken", "Districts"),
    ("/overzicht", "Overzicht", "Overview"),
    ("/vergelijken", "Vergelijken", "Compare"),
    ("/signalen", "Signalen", "Signals"),
    ("/beschikbaarheid", "Beschikbaarheid", "Availability"),
    ("/toelichting", "Toelichting", "Explanation"),
)
