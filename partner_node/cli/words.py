"""Computes: every sentence of the command, Dutch and English. Dutch first: short sentences, level B1."""

from privacy.language import Language

SENTENCES: dict[str, tuple[str, str]] = {
    # what each command does, in the list of commands
    "help-keys": ("maak de sleutels van uw organisatie", "make the keys of your organisation"),
    "help-covenant": ("bekijk en onderteken het convenant", "read and sign the covenant"),
    "help-init": ("richt deze node in", "set up this node"),
    "help-doctor": ("kijk of alles klaar staat", "see whether everything is ready"),
    "help-check-data": ("controleer de levering", "check the delivery"),
    "help-preview": ("bekijk wat een meetplan zou delen", "see what a study would share"),
    "help-approve": ("keur een meetplan goed", "approve a study"),
    "help-refuse": ("weiger een meetplan", "refuse a study"),
    "help-declare": ("verklaar hoe volledig de levering is", "declare how complete the delivery is"),
    "help-run": ("draai als dienst: doe mee aan rondes", "run as a service: take part in rounds"),
    "help-courier": (
        "doe mee zonder lijn, met bestanden op een stick",
        "take part without a line, by files on a stick",
    ),
    "help-pause": ("doe even niet mee", "take part in nothing for now"),
    "help-resume": ("doe weer mee", "take part again"),
    "help-status": ("hoe het met deze node staat", "how this node stands"),
    "help-mirror": ("uw eigen aantallen naast de publicatie", "your own counts beside the release"),
    "help-log": ("bekijk en controleer het logboek", "read and check the log"),
    "help-close-year": ("wis de boekhouding van een jaar dat voorbij is", "delete the accounts of a year that is over"),
    "help-backup": ("maak een reservekopie", "make a backup"),
    "help-restore": ("zet een reservekopie terug", "put a backup back"),
    "help-replace-machine": ("ga verder op een andere machine", "go on on another machine"),
    # a question that is answered with yes or no
    "ask-yes-or-no": ("{question} [j/N]", "{question} [y/N]"),
    "ask-again": ("antwoord met j of n", "answer with y or n"),
    # the story
    "fault-hint": (
        "er ging iets onverwachts mis; er is niets half bewaard. Meld nummer {id} aan de makers",
        "something unexpected went wrong; nothing was half kept. Tell the makers number {id}",
    ),
    "reading": ("de levering wordt gelezen", "reading the delivery"),
    "counting": ("de telling wordt gemaakt", "counting"),
    "replaying": ("de boekhouding wordt nagerekend", "replaying the accounts"),
    "copying": ("de reservekopie wordt geschreven", "writing the backup"),
    # courier
    "courier-answered": (
        "{answered} berichten beantwoord, {refused} geweigerd; antwoorden: samenzicht-node courier export --to MAP",
        "{answered} messages answered, {refused} refused; answers: samenzicht-node courier export --to FOLDER",
    ),
    "courier-carried": ("{files} bestanden in {folder}", "{files} files in {folder}"),
    # keys
    "keys-made": ("sleutels gemaakt in {folder}", "keys made in {folder}"),
    "keys-safe": (
        "bewaar een kopie van {folder} op een veilige plek; stuur alleen {public} op, en niets uit {folder}",
        "keep a copy of {folder} in a safe place; send only {public}, and nothing of {folder}",
    ),
    "keys-next": (
        "nieuwe sleutels staan klaar; de oude gelden tot u het volgende convenant vastlegt (init --repin)",
        "new keys are ready; the old ones hold until you pin the next covenant (init --repin)",
    ),
    "keys-public": ("openbaar bestand: {public}", "public file: {public}"),
    "keys-officer": ("sleutel van {officer}: {file}", "key of {officer}: {file}"),
    # covenant
    "covenant-title": ("convenant {id}, versie {version}", "covenant {id}, version {version}"),
    "covenant-digest": ("digest: {digest}", "digest: {digest}"),
    "covenant-valid": ("geldig van {first} tot en met {last}", "valid from {first} until {last}"),
    "covenant-unit": ("beschermd wordt: {unit}", "protected: {unit}"),
    "covenant-caps": (
        "jaargrens samen: rho {joint}; hoogstens {colluders} samenspannend; minstens {least} deelnemers",
        "joint yearly cap: rho {joint}; at most {colluders} colluding; at least {least} participants",
    ),
    "covenant-head": (
        "organisatie;rol;jaargrens rho;getekend",
        "party;role;yearly cap rho;signed",
    ),
    "covenant-purpose": ("  doel: {purpose}", "  purpose: {purpose}"),
    "covenant-ground": ("  grondslag: {ground}", "  legal ground: {ground}"),
    "covenant-wpg": (
        "  toestemming Wpg: {issuer}, {issued_on}, {scope}",
        "  Wpg permission: {issuer}, {issued_on}, {scope}",
    ),
    "unit-household": ("huishouden", "household"),
    "unit-person": ("persoon", "person"),
    "role-partner": ("partner", "partner"),
    "role-coordinator": ("coördinator", "coordinator"),
    "role-witness": ("getuige", "witness"),
    "yes": ("ja", "yes"),
    "no": ("nee", "no"),
    "unknown": ("-", "-"),
    "covenant-ask": ("Tekent {party} dit convenant?", "Does {party} sign this covenant?"),
    "covenant-signed": ("getekend als {party}: {file}", "signed as {party}: {file}"),
    "covenant-send": ("stuur dit bestand naar de coördinator", "send this file to the coordinator"),
    # init
    "init-record": ("{file}: {record}", "{file}: {record}"),
    "init-ask-record": ("welke registratie staat in {file}?", "which record type is in {file}?"),
    "init-ask-column": (
        "{column}: {description}. Hoe heet deze kolom bij u? (leeg: hebben wij niet)",
        "{column}: {description}. What is your name for this column? (empty: we do not have it)",
    ),
    "init-no-column": ("deze kolom staat niet in het bestand", "the file has no such column"),
    "init-columns": ("kolommen in {file}: {columns}", "columns in {file}: {columns}"),
    "init-ask-route": (
        "hoe herkent u een huishouden? (household, address of person)",
        "how do you know a household? (household, address or person)",
    ),
    "init-done": ("ingericht: {node} en {mapping}", "set up: {node} and {mapping}"),
    "init-mapped": ("kolommen gekoppeld: {mapping}", "columns mapped: {mapping}"),
    "init-vault": ("kluis gemaakt: {vault}", "vault made: {vault}"),
    "init-key-gone": (
        "de oude sleutel voor maskers is vervangen en weg; vernietig ook de kopie op de veilige plek",
        "the old key for masks is replaced and gone; destroy the copy in the safe place too",
    ),
    "init-next": ("verder: samenzicht-node doctor", "next: samenzicht-node doctor"),
    # doctor
    "doctor-config": ("configuratie", "configuration"),
    "doctor-permissions": ("rechten op bestanden", "file permissions"),
    "doctor-clock": ("klok", "clock"),
    "doctor-disk": ("schijfruimte", "disk space"),
    "doctor-covenant": ("convenant en meetplannen", "covenant and studies"),
    "doctor-keys": ("sleutels", "keys"),
    "doctor-register": ("eigen register", "own register"),
    "doctor-vault": ("kluis", "vault"),
    "doctor-data": ("levering", "delivery"),
    "doctor-link": ("lijn", "line"),
    "doctor-soon": ("     let op: {text}", "     soon: {text}"),
    "doctor-paused": ("doet mee", "takes part"),
    "doctor-mend": ("     zo herstelt u dit: {act}", "     how to mend it: {act}"),
    "doctor-skipped": ("     eerst: wat hierboven FAIL is", "     first: what is FAIL above"),
    "doctor-meaning": ("     uitleg: {text}", "     meaning: {text}"),
    "doctor-ready": ("alles staat klaar", "everything is ready"),
    "doctor-not-ready": ("niet in orde: {failed}", "not in order: {failed}"),
    # check-data
    "data-used": ("{file}: {used} van {read} rijen bruikbaar", "{file}: {used} of {read} rows usable"),
    "data-clean": ("geen fouten gevonden", "no faults found"),
    "data-head": ("bestand;kolom;reden;rijen;betekenis", "file;column;reason;rows;meaning"),
    "data-local": (
        "dit blijft bij uw organisatie; alleen wat u met `declare` verklaart wordt gepubliceerd",
        "this stays at your organisation; only what you say with `declare` is published",
    ),
    "quality-saved": ("het kwaliteitsrapport staat in {place}", "the quality report is in {place}"),
    "quality": ("het kwaliteitsrapport wordt gemaakt", "making the quality report"),
    # preview
    "preview-title": ("meetplan {study}, periode {period}", "study {study}, period {period}"),
    "preview-local": ("u ziet ware aantallen: deel dit scherm niet", "these are true counts: do not share this screen"),
    "preview-table": ("telling {table}: {question}", "table {table}: {question}"),
    "preview-own": ("eigen telling van uw organisatie", "a table of your organisation alone"),
    "preview-joint": ("gezamenlijke telling met andere organisaties", "a joint table with other organisations"),
    "preview-margin": (
        "marge van elk gepubliceerd cijfer: {margin} erboven of eronder (95 van de 100 keer)",
        "margin of each released figure: {margin} above or below (95 of 100 times)",
    ),
    "preview-head": ("gebied;periode;categorie;waar aantal;marge", "area;period;category;true count;margin"),
    "preview-noise": (
        "VOORBEELD van ruis, niet de echte: {noise}",
        "EXAMPLE of noise, not the real one: {noise}",
    ),
    "preview-bytes": ("te versturen: {bytes} bytes gemaskeerde getallen", "to send: {bytes} bytes of masked numbers"),
    "preview-free": ("deze blik kost niets en bewaart niets", "this look costs nothing and keeps nothing"),
    # decisions
    "decide-study": ("meetplan {study}: {title}", "study {study}: {title}"),
    "decide-ask-approve": (
        "Keurt {officer} dit meetplan goed tot en met {until}?",
        "Does {officer} approve this study until {until}?",
    ),
    "decide-ask-refuse": ("Weigert {officer} dit meetplan?", "Does {officer} refuse this study?"),
    "decide-approved": (
        "goedgekeurd door {officer}: {study}, tot en met {until}",
        "approved by {officer}: {study}, until {until}",
    ),
    "decide-refused": ("geweigerd door {officer}: {study}", "refused by {officer}: {study}"),
    "decide-reason-stays": ("de reden blijft bij uw organisatie", "the reason stays at your organisation"),
    "decide-send": ("getekend bestand: {file}", "signed file: {file}"),
    # declare
    "declare-ask": ("{table}: volledig, deels of geen?", "{table}: complete, partial or none?"),
    "declare-ask-reason": ("reden ({reasons})", "reason ({reasons})"),
    "declared": ("verklaard door {officer}: {study}, {period}", "declared by {officer}: {study}, {period}"),
    "declare-complete": ("volledig", "complete"),
    "declare-partial": ("deels", "partial"),
    "declare-none": ("geen", "none"),
    # pause
    "paused": ("deze node doet nu nergens aan mee", "this node takes part in nothing now"),
    "resumed": ("deze node doet weer mee", "this node takes part again"),
    # status
    "status-party": (
        "organisatie {party}, convenant {covenant} versie {version}",
        "party {party}, covenant {covenant} version {version}",
    ),
    "status-head": ("meetplan;stand;rondes", "study;standing;rounds"),
    "status-rounds-head": ("ronde;periode;stand", "round;period;state"),
    "status-approved": ("goedgekeurd", "approved"),
    "status-log": ("logboek: {size} regels", "log: {size} entries"),
    "status-closed": ("gesloten jaren: {years}", "closed years: {years}"),
    "status-ends": (
        "let op: een certificaat van de lijn ({name}) geldt nog {days} dagen; samenzicht-node doctor zegt wat te doen",
        "soon: a certificate of the line ({name}) holds for {days} more days; samenzicht-node doctor says what to do",
    ),
    "status-meaning": ("{code}: {text}", "{code}: {text}"),
    "status-none": ("geen meetplannen", "no studies"),
    # mirror
    "mirror-title": (
        "spiegelrapport {study}, {period}: alleen voor uw organisatie",
        "mirror report {study}, {period}: for your organisation only",
    ),
    "mirror-head": (
        "gebied;periode;categorie;geteld toen;geteld nu;gepubliceerd",
        "area;period;category;counted then;counted now;released",
    ),
    "mirror-margin": ("marge van de publicatie: {margin}", "margin of the release: {margin}"),
    "mirror-not-delivered": ("niet gepubliceerd", "not released"),
    "mirror-not-shown": ("niet getoond", "not shown"),
    "mirror-late": ("sindsdien erbij gekomen: {late}", "added since: {late}"),
    "mirror-unmapped": ("rijen zonder bruikbaar gebied: {rows}", "rows without a usable area: {rows}"),
    "mirror-unused": ("rijen die niet bruikbaar zijn: {rows}", "rows that cannot be used: {rows}"),
    "mirror-left-out": (
        "huishoudens die niet in de ronde zitten (te laat, of boven de jaargrens): {units}",
        "households that are not in the round (too late, or above the yearly cap): {units}",
    ),
    # log
    "log-empty": ("het logboek is leeg", "the log is empty"),
    "log-holds": ("klopt", "holds"),
    "log-fails": ("KLOPT NIET", "FAILS"),
    "log-check-log": (
        "elke regel is bekend en samen geven ze de bewaarde wortel",
        "every entry is known and together they give the stored root",
    ),
    "log-check-shown": ("er is nooit een langer logboek getoond", "no longer log was ever shown"),
    "log-check-slots": ("elke ronde staat één keer in het logboek", "every round stands in the log once"),
    "log-check-charges": (
        "elk verbruik is het verbruik waarop de ronde is vastgezet",
        "every charge is the one that the round was locked to",
    ),
    "log-check-book": ("de boekhouding is per huishouden de som daarvan", "the book is their sum for each household"),
    "log-check-cap": ("geen huishouden is boven de jaargrens", "no household is above the yearly cap"),
    "log-not-checked": (
        "{rounds} rondes van afgesloten jaren niet nagerekend",
        "{rounds} rounds of closed years not replayed",
    ),
    "log-passes": ("de boekhouding klopt", "the accounts hold"),
    "log-does-not": ("de boekhouding klopt niet: {failed} van de stappen", "the accounts fail: {failed} of the steps"),
    "log-signed": ("getekende uitkomst: {file}", "signed outcome: {file}"),
    # close-year
    "year-ask": (
        "Wilt u {year} voor altijd sluiten? De boekhouding wordt gewist; rondes of narekenen kan dan niet meer",
        "Close {year} for ever? Its accounts are deleted; no round of it can be run or replayed then",
    ),
    "year-closed": ("{year} is gesloten; de boekhouding is gewist", "{year} is closed; its accounts are deleted"),
    # backup
    "backup-made": ("reservekopie: {file}", "backup: {file}"),
    "backup-head": ("logboek daarin: {size} regels, wortel {root}", "log in it: {size} entries, root {root}"),
    "restored": ("teruggezet: {vault}", "restored: {vault}"),
    "restored-next": (
        "officieren moeten elk meetplan opnieuw goedkeuren; open rondes staan stil",
        "officers must approve every study again; open rounds stand still",
    ),
    "moved-ask": (
        "Gaat deze kluis verder op een andere plek? Hier opent hij daarna nooit meer",
        "Does this vault go on elsewhere? It will never open here again",
    ),
    "moved": (
        "de kluis gaat verder in {target}; de oude opent nooit meer",
        "the vault goes on in {target}; the old one never opens again",
    ),
}


def say(key: str, language: Language, **values: object) -> str:
    """Return a sentence in a language, with values filled in."""
    return SENTENCES[key][language is Language.ENGLISH].format(**values)


def heads(key: str, language: Language) -> tuple[str, ...]:
    """Return the heads of a table's columns."""
    return tuple(say(key, language).split(";"))
