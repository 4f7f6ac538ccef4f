"""What is sold: by trade, things with their usual price, and who makes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trade:
    """`vat`: which of a country's rates. `things`: name and usual price in Norwegian kroner.

    `at_the_till`: paid and taken along at once. `travels`: what is sold is a journey.
    """

    name: str
    vat: str
    things: tuple[tuple[str, int], ...]
    makers: tuple[str, ...]
    shop_names: tuple[str, ...]
    at_the_till: bool = False
    travels: bool = False


def _things(text: str) -> tuple[tuple[str, int], ...]:
    pairs = (each.strip().rsplit(" ", 1) for each in text.split(","))
    return tuple((name, int(price)) for name, price in pairs)


TRADES = (
    Trade(
        "clothes", "goods",
        _things("Ullgenser 899,Regnjakke 1499,Dunjakke 3299,Skjorte 599,Bukse 799,T-skjorte 249,Sokker 99,Lue 299,"
                "Skjerf 349,Votter 249,Vinterstøvler 1899,Joggesko 1299,Sommerkjole 699,Tröja 499,Mössa 249,"
                "Överdragsbyxa 899,Strømpebukser 149,Badetøy 399,Lopapeysa 2499,Villasukat 179"),
        ("Fjellvev", "Nordstrikk", "Havsand", "Ullhella", "Sjö & Skog", "Strikkestua"),
        ("Ullgården", "Klær & Sånt", "Norrsken Kläder", "Fru Hansens klær", "Strikk og Søm", "Fjällrummet"),
    ),
    Trade(
        "furniture", "goods",
        _things("Stablestol 398,Spisebord 5490,Sofa 12900,Lenestol 4990,Sengeramme 6490,Nattbord 990,Bokhylle 2290,"
                "Skrivebord 3490,Lampe 799,Gulvteppe 1990,Gardin 499,Putetrekk 149,Pällstol 1290,Köksbord 4690,"
                "Hyldeknægt 199,Sengetøj 549,Tuoli 890,Hagemøbler 7990,Utepute 349"),
        ("Stol & Bord", "Bjerka", "Møbelsnekkeren", "Ekebo", "Hemtrevligt", "Koti"),
        ("Stol & Bord AS", "Møbelhuset", "Boligården Nord", "Trä & Tyg", "Møbelbua Søndre", "Kotikaluste"),
    ),
    Trade(
        "electronics", "goods",
        _things("Hodetelefoner 1490,Mobiltelefon 8990,Ladekabel 199,Skjerm 3490,Tastatur 899,Datamus 399,"
                "Høyttaler 1990,Kaffetrakter 1290,Vaffeljern 599,Støvsuger 2990,Brødrister 549,Powerbank 449,"
                "Smartklokke 3290,Nettbrett 4990,Hörlurar 1190,Dammsugare 2490,Opladningskabel 149,Minnekort 249"),
        ("Elkraft", "Lydgaard", "Nordvolt", "Signal", "Tråd", "Ljudhuset"),
        ("Elektrogården", "Strøm & Stemning", "Teknikboden Norr", "Strøm Øst", "Kabelhuset"),
    ),
    Trade(
        "food", "food",
        _things("Kaffe latte 52,Cappuccino 49,Kanelbolle 45,Skolebolle 39,Rundstykke med ost 59,Smørbrød med reker 149,"
                "Fiskesuppe 169,Grøt 65,Brunostvaffel 55,Eplekake 69,Solboller 39,Räksmörgås 139,Wienerbrød 42,"
                "Korvapuusti 45,Skyr 39,Blåbærsaft 45,Kakao med krem 55,Te 39,Bagel med laks 109,Kardemummabulle 42"),
        ("Kaffebrenneriet", "Bakeriet", "Husets", "Steinovn", "Kokko"),
        ("Kafé Solsiden", "Bakehuset på hjørnet", "Fika & Sånt", "Kaffistofan", "Lille Smørrebrød", "Kahvila Aalto"),
        at_the_till=True,
    ),
    Trade(
        "groceries", "food",
        _things("Laksefilet 189,Brunost 119,Jarlsberg 139,Melk 24,Grovbrød 45,Kneippbrød 32,Epler 39,Poteter 29,"
                "Kjøttdeig 89,Kyllingfilet 129,Blåbærsyltetøy 49,Flatbrød 36,Pålegg 42,Kanelstenger 29,Rømme 27,"
                "Tørrfisk 299,Reinsdyrkjøtt 349,Sill 59,Rugbrød 38,Karjalanpiirakka 45,Havregryn 25"),
        ("Gårdsmat", "Seterlia", "Fjordlandet", "Sætra", "Skagen", "Ängsgården"),
        ("Matboden", "Landhandleriet", "Gårdsbutikken", "Kolonialen", "Købmand Øst"),
    ),
    Trade(
        "books", "book",
        _things("Roman 399,Kokebok 499,Barnebok 229,Krim 379,Diktsamling 289,Reisehåndbok 349,Lærebok 699,"
                "Pocketbok 199,Bildebok 249,Biografi 429,Kart over fjellet 219,Tegneserie 149"),
        ("Forlaget Ask", "Bokvennen", "Samtiden", "Ørn", "Blikk & Co", "Norrtext"),
        ("Bokhandelen på torget", "Bok & Blekk", "Bokhandeln Väst", "Bøger & Papir"),
    ),
    Trade(
        "journeys", "journey",
        _things("Voksenbillett 489,Barnebillett 244,Honnørbillett 244,Sovekupé 1190,Sykkel om bord 190,Seteplass 70,"
                "Lugar 1690,Bil inntil 6 meter 890,Måltid om bord 249,Vuxenbiljett 395,Kuvertavgift 195"),
        ("Fjordexpressen", "Nattoget", "Kystruta", "Flybussen", "Skärgårdslinjen"),
        ("Fjordexpressen", "Kystruta", "Nattoget", "Skärgårdslinjen", "Sundbusserne"),
        travels=True,
    ),
    Trade(
        "sports", "goods",
        _things("Langrennsski 2990,Skistøvler 1990,Staver 699,Telt 3490,Sovepose 1990,Tursekk 1490,Sykkelhjelm 699,"
                "Fotball 349,Treningsmatte 299,Vannflaske 149,Hodelykt 499,Skøyter 999,Fiskestang 899,Isbor 1290,"
                "Skidvalla 129,Løpesko 1499,Stormkjøkken 1090"),
        ("Villmark", "Fonna", "Skare", "Bre & Topp", "Löparen", "Tunturi"),
        ("Sport & Fjell", "Villmarksbutikken", "Löparboden Söder", "Skiløperen", "Retki"),
    ),
)  # fmt: skip

VARIANTS = (
    "", "", "", "blå", "rød", "grønn", "svart", "hvit", "str. S", "str. M", "str. L", "str. XL", "stor", "liten",
    "økologisk", "2-pakning",
)  # fmt: skip

DISCOUNTS = (
    ("periodic", "Høstsalg", 46),
    ("loyalty", "Medlemsrabatt", 22),
    ("manual", "Avslag i kassen", 12),
    ("customer", "Kundens egen pris", 9),
    ("total", "Kjøp for mer enn 1000", 6),
    ("employee", "Ansattrabatt", 4),
    ("external", "Gavekode", 1),
)
"""Type, what the receipt says, and how many of a hundred."""
