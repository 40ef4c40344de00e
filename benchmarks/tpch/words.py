"""The words that TPC-H's columns of text are made of (specification, section 4.2.2.13 and 4.2.3)."""

# ruff: noqa: SIM905 -- as lists they would be a line for each word
from __future__ import annotations

COLOURS = """
almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood burnished chartreuse chiffon
chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab firebrick floral forest frosted gainsboro ghost
goldenrod green grey honeydew hot indian ivory khaki lace lavender lawn lemon light lime linen magenta maroon medium
metallic midnight mint misty moccasin navajo navy olive orange orchid pale papaya peach peru pink plum powder puff purple
red rose rosy royal saddle salmon sandy seashell sienna sky slate smoke snow spring steel tan thistle tomato turquoise
violet wheat white yellow
""".split()

TYPES = (
    "STANDARD SMALL MEDIUM LARGE ECONOMY PROMO".split(),
    "ANODIZED BURNISHED PLATED POLISHED BRUSHED".split(),
    "TIN NICKEL BRASS STEEL COPPER".split(),
)
CONTAINERS = ("SM LG MED JUMBO WRAP".split(), "CASE BOX BAG JAR PKG PACK CAN DRUM".split())
SEGMENTS = ("AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD")
PRIORITIES = ("1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW")
INSTRUCTIONS = ("DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN")
MODES = ("REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB")
REGIONS = ("AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST")
NATIONS = (
    ("ALGERIA", 0),
    ("ARGENTINA", 1),
    ("BRAZIL", 1),
    ("CANADA", 1),
    ("EGYPT", 4),
    ("ETHIOPIA", 0),
    ("FRANCE", 3),
    ("GERMANY", 3),
    ("INDIA", 2),
    ("INDONESIA", 2),
    ("IRAN", 4),
    ("IRAQ", 4),
    ("JAPAN", 2),
    ("JORDAN", 4),
    ("KENYA", 0),
    ("MOROCCO", 0),
    ("MOZAMBIQUE", 0),
    ("PERU", 1),
    ("CHINA", 2),
    ("ROMANIA", 3),
    ("SAUDI ARABIA", 4),
    ("VIETNAM", 2),
    ("RUSSIA", 3),
    ("UNITED KINGDOM", 3),
    ("UNITED STATES", 1),
)
NOUNS = """
foxes ideas theodolites instructions dependencies excuses platelets asymptotes courts dolphins multipliers sauternes
warthogs frets dinos attainments somas pinto-beans hockey-players packages accounts requests deposits
""".split()
VERBS = "sleep wake are cajole haggle nag use boost affix detect integrate maintain nod was lose sublate solve".split()
ADJECTIVES = """
furious sly careful blithe quick fluffy slow quiet ruthless thin close dogged daring brave stealthy permanent enticing
idle busy regular final ironic even bold silent special express unusual pending
""".split()
ADVERBS = "furiously slyly carefully blithely quickly slowly quietly ruthlessly closely doggedly daringly".split()
