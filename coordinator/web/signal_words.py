"""Computes nothing: what the page of signals says, Dutch (B1) and English: kinds, doubts, and questions to ask."""

from collections.abc import Mapping

from coordinator.web.signals import Doubt, SignalKind

Pair = tuple[str, str]  # Dutch, English

KINDS: Mapping[SignalKind, Pair] = {
    SignalKind.HIGHER: ("hoger dan de gemeente", "higher than the municipality"),
    SignalKind.LOWER: ("lager dan de gemeente", "lower than the municipality"),
    SignalKind.RISEN: ("gestegen", "risen"),
    SignalKind.FALLEN: ("gedaald", "fallen"),
    SignalKind.ABOVE_ALIKE: ("hoger dan gebieden die erop lijken", "higher than areas that resemble it"),
    SignalKind.BELOW_ALIKE: ("lager dan gebieden die erop lijken", "lower than areas that resemble it"),
    SignalKind.DRIFTING: (
        "lijkt telkens iets af te wijken",
        "seems to differ a little each time",
    ),
    SignalKind.PARTED: ("bij de een hoger, bij de ander lager", "higher for one, lower for another"),
}
DOUBTS: Mapping[Doubt, Pair] = {
    Doubt.NOT_ALL_DELIVERED: ("Niet elke organisatie heeft alles geleverd.", "Not every organisation delivered all."),
    Doubt.PROVISIONAL: (
        "Het cijfer is voorlopig: er kunnen nog late registraties bij komen.",
        "The figure is provisional: late registrations may still be added.",
    ),
    Doubt.BREAK: (
        "De manier van tellen is in deze tijd veranderd.",
        "The way of counting changed in this time.",
    ),
    Doubt.ONE_SOURCE: (
        "Alleen deze organisatie ziet dit. Misschien is er anders geregistreerd of vaker gemeld.",
        "Only this organisation sees it. Perhaps registration or reporting changed.",
    ),
    Doubt.UNCERTAIN: ("Het cijfer zelf is onzeker.", "The figure itself is uncertain."),
    Doubt.FEW_PEOPLE: (
        "Er wonen weinig mensen. Eén gezin of straat kan dit al maken.",
        "Few people live here. One family or street can make it.",
    ),
}
ALWAYS: Pair = (
    "Meer meldingen kan ook betekenen dat mensen eerder durven te melden.",
    "More reports may also mean that people dare to report earlier.",
)
_THERE: Pair = (
    "Wordt er in die gebieden anders gemeld of geregistreerd?",
    "Do those areas report or register in another way?",
)
_DELIVERY: Pair = (
    "Is er in deze tijd iets veranderd in het systeem of in hoe u registreert?",
    "Did the system or the way you register change in this time?",
)
QUESTIONS: Mapping[SignalKind, tuple[Pair, ...]] = {
    SignalKind.HIGHER: (
        ("Herkent u dit in uw werk in deze wijk?", "Do you recognise this in your work here?"),
        (
            "Is er een school, arts of agent die hier veel meldt? Wat gaat daar goed?",
            "Is there a school, doctor or officer who reports much here? What goes well there?",
        ),
        ("Komen dezelfde gezinnen terug? Krijgen zij hulp?", "Do the same families come back? Do they get help?"),
    ),
    SignalKind.LOWER: (
        (
            "Gebeurt er hier minder, of wordt er minder gemeld?",
            "Does less happen here, or is less reported?",
        ),
        (
            "Weten mensen en professionals hier waar zij kunnen melden?",
            "Do people and professionals here know where to report?",
        ),
    ),
    SignalKind.RISEN: (
        ("Was er een campagne, training of nieuwe collega?", "Was there a campaign, training or new colleague?"),
        _DELIVERY,
    ),
    SignalKind.FALLEN: (
        ("Ontbreken er registraties, of is er personeel weggevallen?", "Are registrations missing, or staff?"),
        _DELIVERY,
    ),
    SignalKind.ABOVE_ALIKE: (
        ("Wat is hier anders dan in die gebieden?", "What is different here from those areas?"),
        _THERE,
    ),
    SignalKind.BELOW_ALIKE: (
        ("Wie zou het hier zien, en meldt die ook?", "Who would see it here, and do they report?"),
        _THERE,
    ),
    SignalKind.DRIFTING: (
        ("Ziet u dit zelf ook, en sinds wanneer?", "Do you see this yourself, and since when?"),
        _DELIVERY,
    ),
    SignalKind.PARTED: (
        (
            "Ziet de ene organisatie gezinnen die de andere niet ziet?",
            "Does one organisation see families that the other does not?",
        ),
        ("Worden zaken doorgegeven? Waar blijft het liggen?", "Are cases passed on? Where do they get stuck?"),
    ),
}
