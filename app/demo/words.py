"""Names and streets to invent people from. Common ones, freely combined: nobody in particular is meant."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GERMAN_GIVEN: Final = _words("""
    Anna Lena Marie Sophie Laura Julia Katharina Sabine Petra Claudia Monika Birgit Heike Nina Emma
    Mia Hannah Lea Clara Eva Johanna Theresa Magdalena Franziska Carina Andrea Martina Gabriele
    Renate Ursula Lukas Leon Paul Felix Maximilian Jonas Tobias Michael Thomas Andreas Stefan
    Christian Markus Daniel Sebastian Florian Matthias Jürgen Wolfgang Klaus Peter Hans Georg Franz
    Josef David Simon Philipp Jakob Emil Noah Elias Mehmet Ayşe Elif Goran Milica Aleksandra Piotr
    Ivana Dragan
""")  # fmt: skip
GERMAN_FAMILY: Final = _words("""
    Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
    Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange
    Schmitt Werner Krause Meier Lehmann Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters
    Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler
    Roth Beck Lorenz Baumann Franke Albrecht Gruber Pichler Steiner Moser Egger Brunner Schmid Frei
    Gerber Yilmaz Kaya Demir Novak Kovač Nowak Horvat Petrović
""")  # fmt: skip
GERMAN_STREETS: Final = _words("""
    Hauptstraße Bahnhofstraße Gartenweg Schulstraße Lindenstraße Birkenweg Dorfstraße Kirchgasse
    Ringstraße Bergstraße Waldweg Mühlgasse Goethestraße Schillerstraße Mozartgasse Feldstraße
    Wiesenweg Blumenstraße Amselweg Rosenweg Marktplatz Parkallee Uferstraße Industriestraße
    Talstraße Sonnenweg
""")  # fmt: skip
ENGLISH_GIVEN: Final = _words("""
    Olivia Amelia Isla Ava Emily Grace Sophie Lucy Chloe Sarah Emma Laura Rachel Karen Susan Linda
    Patricia Jennifer Elizabeth Barbara Jessica Ashley Megan Hannah Priya Aisha Fatima Mei Oliver
    George Harry Jack Noah Charlie Thomas James William Joshua Daniel Samuel Matthew Andrew David
    Robert Michael Richard Joseph Christopher Anthony Mark Steven Paul Kevin Brian Ryan Jason Eric
    Adam Ethan Tyler Mohammed Arjun Wei Carlos Luis Diego
""")  # fmt: skip
ENGLISH_FAMILY: Final = _words("""
    Smith Jones Williams Taylor Brown Davies Evans Wilson Thomas Johnson Roberts Robinson Thompson
    Wright Walker White Edwards Hughes Green Hall Lewis Harris Clarke Patel Jackson Wood Turner
    Martin Cooper Hill Ward Morris Moore Clark Lee King Baker Harrison Morgan Allen James Scott
    Phillips Watson Davis Parker Price Bennett Young Griffiths Mitchell Kelly Cook Carter Richardson
    Bailey Collins Bell Shaw Murphy Miller Cox Garcia Rodriguez Martinez Nguyen Anderson Hernandez
    Lopez Khan Singh Chen Ramirez Rivera
""")  # fmt: skip
ENGLISH_STREETS: Final = (
    "High Street", "Station Road", "Main Street", "Park Road", "Church Lane", "Victoria Road",
    "Green Lane", "Oak Avenue", "Maple Street", "Mill Road", "School Lane", "Queen Street",
    "King Street", "Elm Street", "Cedar Lane", "Hill Road", "Springfield Road", "Washington Avenue",
    "Lake Drive", "Meadow Close", "Orchard Way", "Grange Road", "River Street", "Sunset Drive",
    "Chapel Street", "Manor Road",
)  # fmt: skip
NICKS: Final = _words("""
    sunny blue tiger moon star happy lucky snow sky coffee bike music garden cat river fox
""")  # fmt: skip
"""What some people call themselves in an e-mail address instead of their name."""
