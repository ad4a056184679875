"""The words that the generated rows are made of.

Names that queries ask for (regions, nations, segments, priorities, ship modes, the syllables of types and containers)
are the value domains of the TPC-H schema. Colours and the words of comments are the project's own.
Invariant: the words of comments hold neither "customer" nor "complaints", which only suppliers' comments may.
"""

from __future__ import annotations

NATIONS = {
    "AFRICA": ("ALGERIA", "ETHIOPIA", "KENYA", "MOROCCO", "MOZAMBIQUE"),
    "AMERICA": ("ARGENTINA", "BRAZIL", "CANADA", "PERU", "UNITED STATES"),
    "ASIA": ("CHINA", "INDIA", "INDONESIA", "JAPAN", "VIETNAM"),
    "EUROPE": ("FRANCE", "GERMANY", "ROMANIA", "RUSSIA", "UNITED KINGDOM"),
    "MIDDLE EAST": ("EGYPT", "IRAN", "IRAQ", "JORDAN", "SAUDI ARABIA"),
}
"""region -> its nations."""

SEGMENTS = ("AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY")
PRIORITIES = ("1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW")
INSTRUCTIONS = ("COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN")
MODES = ("AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK")

TYPES = (
    ("ECONOMY", "LARGE", "MEDIUM", "PROMO", "SMALL", "STANDARD"),
    ("ANODIZED", "BRUSHED", "BURNISHED", "PLATED", "POLISHED"),
    ("BRASS", "COPPER", "NICKEL", "STEEL", "TIN"),
)
CONTAINERS = (
    ("JUMBO", "LG", "MED", "SM", "WRAP"),
    ("BAG", "BOX", "CAN", "CASE", "DRUM", "JAR", "PACK", "PKG"),
)


def _listed(text: str) -> tuple[str, ...]:
    """Entries, with a comma or a line's end behind each."""
    return tuple(entry.strip() for line in text.strip().splitlines() for entry in line.split(","))


COLOURS = _listed(
    """
    amber, apricot, ash, azure, brick, bronze, canary, cedar, charcoal, cherry, clay, cobalt, cocoa, copper, cream
    crimson, denim, dusk, ebony, emerald, fern, flame, flint, forest, fuchsia, garnet, ginger, gold, granite, grape
    green, hazel, heather, indigo, ink, jade, jasmine, lemon, lime, marine, mauve, mint, moss, mustard, ochre, olive
    opal, oyster, pearl, pebble, petrol, pine, poppy, quartz, raspberry, rose, ruby, rust, saffron, sage, sapphire
    scarlet, silver, stone, straw, sulphur, teal, topaz, umber, vermilion, willow
    """
)
"""The words of a part's name; queries look for green and forest."""

QUALITIES = _listed("special, early, heavy, narrow, plain, spare, loose, sealed, late, urgent, damaged, second")
THINGS = _listed(
    "requests, crates, invoices, pallets, ledgers, labels, samples, carriers, drawers, refunds, spools, hinges"
)
DEEDS = _listed("await, follow, replace, cover, reach, precede, match, delay, join, pass")
MANNERS = _listed(
    "again, at noon, by rail, on time, twice, without notice, behind the dock, in full, before dawn, as agreed"
)
"""Comments are made of these: a quality, a thing, a deed, a manner. "special … requests" comes up by itself."""

LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789,  "
"""The characters of an address."""
