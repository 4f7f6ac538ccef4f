"""Who lives where: names, streets and places of five Nordic countries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Country:
    """`vat`: per cent on goods, food, journeys and books. `share`: of twenty customers, how many live there.

    `rate`: what one krone of Norway is there, so that prices look alike. `places`: postal code and name.
    """

    code: str
    currency: str
    rate: float
    share: int
    phone: str
    vat: dict[str, str]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[tuple[str, str], ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _places(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (each.strip().split(" ", 1) for each in text.split(","))
    return tuple((code.replace("_", " "), name) for code, name in pairs)


NORWAY = Country(
    "NO", "NOK", 1.0, 10, "+47", {"goods": "25", "food": "15", "journey": "12", "book": "0"},
    _names(
        "Anne Inger Kari Marit Ingrid Liv Eva Berit Astrid Bjørg Hilde Solveig Nora Emma Sofie Ella Olivia Ada Maja "
        "Sigrid Tuva Frida Åse Jan Per Bjørn Ole Lars Kjell Knut Arne Svein Thomas Hans Geir Tor Morten Terje Odd Erik "
        "Jakob Noah Emil Oskar Håkon Øyvind Pål Sindre"
    ),
    _names(
        "Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Kristiansen Jensen Karlsen Johnsen Pettersen Eriksen "
        "Berg Haugen Hagen Johannessen Andreassen Jacobsen Dahl Jørgensen Halvorsen Henriksen Lund Sørensen Solberg "
        "Bakken Strand Lie Moen Ødegård Bråten Nordli Øverby Fjeld Grønn"
    ),
    ("Storgata", "Kirkeveien", "Bogstadveien", "Strandgata", "Bjørnstjerne Bjørnsons gate", "Skolegata", "Granlia",
     "Åsveien", "Karl Johans gate", "Markveien", "Elveveien", "Øvre Slottsgate", "Nedre Fyllingsveien"),
    _places(
        "0150 Oslo,0353 Oslo,0470 Oslo,5003 Bergen,5058 Bergen,7010 Trondheim,7030 Trondheim,4006 Stavanger,"
        "9008 Tromsø,4611 Kristiansand,3015 Drammen,1606 Fredrikstad,6003 Ålesund,8006 Bodø,2317 Hamar,3110 Tønsberg"
    ),
)  # fmt: skip
SWEDEN = Country(
    "SE", "SEK", 1.0, 4, "+46", {"goods": "25", "food": "12", "journey": "6", "book": "6"},
    _names(
        "Maria Anna Margareta Elisabeth Eva Kristina Birgitta Karin Alice Vera Ebba Astrid Wilma Märta Åsa Lars Erik "
        "Karl Anders Johan Per Nils Mikael Hugo Liam Elias Björn Göran Håkan Sören Åke Östen"
    ),
    _names(
        "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson "
        "Lindberg Lindström Bergström Sjöberg Nyström Öberg Åkesson Hjälmström"
    ),
    ("Drottninggatan", "Storgatan", "Kungsgatan", "Sveavägen", "Linnégatan", "Björkvägen", "Södra Förstadsgatan",
     "Järntorget", "Ängsvägen"),
    _places("111_22 Stockholm,118_46 Stockholm,411_03 Göteborg,211_19 Malmö,753_20 Uppsala,581_02 Linköping,"
            "702_10 Örebro,903_25 Umeå,652_24 Karlstad"),
)  # fmt: skip
DENMARK = Country(
    "DK", "DKK", 0.65, 3, "+45", {"goods": "25", "food": "25", "journey": "0", "book": "25"},
    _names(
        "Anne Kirsten Mette Hanne Anna Helle Susanne Lene Freja Ida Clara Søs Peter Michael Jens Lars Thomas Henrik "
        "Søren Christian Jørgen Bjarne Rasmus Malthe Åge"
    ),
    _names(
        "Nielsen Jensen Hansen Pedersen Andersen Christensen Larsen Sørensen Rasmussen Jørgensen Petersen Madsen "
        "Kristensen Olsen Thomsen Møller Østergaard Kjær Nørgaard Bækgaard"
    ),
    ("Vesterbrogade", "Strøget", "Nørrebrogade", "Algade", "Åboulevarden", "Østergade", "Søndergade", "Jernbanegade"),
    _places("1620 København V,2200 København N,8000 Aarhus C,5000 Odense C,9000 Aalborg,6700 Esbjerg,4000 Roskilde,"
            "7100 Vejle"),
)  # fmt: skip
FINLAND = Country(
    "FI", "EUR", 0.087, 2, "+358", {"goods": "25.5", "food": "14", "journey": "14", "book": "14"},
    _names(
        "Maria Helena Anneli Johanna Kaarina Aino Eevi Päivi Ämmi Juhani Johannes Olavi Antero Väinö Eino Onni Jyrki "
        "Pentti Mikko"
    ),
    _names(
        "Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen Lehtonen Lehtinen "
        "Saarinen Niemi Väisänen"
    ),
    ("Mannerheimintie", "Hämeenkatu", "Aleksanterinkatu", "Yliopistonkatu", "Kirkkokatu", "Järvitie", "Mäkelänkatu"),
    _places("00100 Helsinki,00530 Helsinki,33100 Tampere,20100 Turku,90100 Oulu,40100 Jyväskylä,15110 Lahti"),
)  # fmt: skip
ICELAND = Country(
    "IS", "ISK", 12.6, 1, "+354", {"goods": "24", "food": "11", "journey": "11", "book": "11"},
    ("Guðrún", "Anna", "Kristín", "Sigríður", "Margrét", "Þórdís", "Ásta", "Jón", "Sigurður", "Guðmundur", "Gunnar",
     "Ólafur", "Þór", "Æsa", "Ægir"),
    ("Jónsdóttir", "Guðmundsdóttir", "Ólafsdóttir", "Þórsdóttir", "Jónsson", "Sigurðsson", "Guðmundsson", "Einarsson",
     "Ægisson"),
    ("Laugavegur", "Skólavörðustígur", "Hverfisgata", "Austurstræti", "Hafnargata", "Þingholtsstræti"),
    _places("101 Reykjavík,105 Reykjavík,200 Kópavogur,220 Hafnarfjörður,600 Akureyri"),
)  # fmt: skip

COUNTRIES = (NORWAY, SWEDEN, DENMARK, FINLAND, ICELAND)
HOMES: tuple[Country, ...] = tuple(country for country in COUNTRIES for _ in range(country.share))
"""Where the n-th customer lives: n modulo twenty."""
