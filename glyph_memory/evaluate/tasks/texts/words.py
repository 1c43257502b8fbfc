# ruff: noqa: SIM905  many words to a line read better than one string literal a word
"""The words that the texts are made of, by their part in a sentence.

None of them says that something is not known or not there: such an answer would be taken for an abstention.
"""

from __future__ import annotations

NOUNS = """\
anchor apron arch arrow atlas awning badge baker balcony ballad bamboo banner barge barley barrel basin
basket beacon beaker bellows bench birch blanket blossom boat bobbin bonfire bonnet boulder bracket bramble
brass bread brick bridge brook broom bucket buckle button cabin cactus candle canoe canvas carpet cart
castle cattle cedar cellar chalk chapel chart cherry chest chimney chisel cider cinder cistern clay cliff
clock cloud clover coal cobalt compass copper coral cork cotton cradle crane crater crayon creek cricket
crown crystal cupboard curtain cushion cypress dagger dairy daisy damson desk dial dome donkey door dragon
drawer drum dune elm ember engine fabric falcon farm feather fence fern ferry fiddle field finch flagon
flannel flask flint flour flute forest fork fountain fox furnace gable garden garlic garnet gate ginger
glacier glade glass glove goblet goose granite grape gravel grove guitar gull gutter hammer hamper harbour
harp harvest hatch hazel hedge helmet heron hinge hollow honey hoop horn hutch inkwell iris iron island
ivory ivy jacket jar jasmine jetty jewel juniper kayak kennel kettle kiln kite ladder ladle lagoon lamp
lantern larch lattice laurel lavender leaf ledger lemon lever lighthouse lilac linen lion locket loft loom
lumber lute magnet mallet mantle map maple marble marigold market marsh mast meadow medal melon mill mineral
mirror mitten monsoon moor mosaic moss mound mulberry mural mustard napkin needle nest nettle nickel
notebook nutmeg oak oar oat olive onion orchard orchid otter oven owl oyster paddle pagoda palette panel
parapet parcel parrot parsley pasture pavement peach pear pebble pelican pencil pennant pepper petal piano
pigeon pillar pillow pine pipe pistachio plank plaster plate plough plum pocket pond poplar poppy porch
portrait pottery prairie prism pulley pumpkin puppet quarry quartz quill quilt quiver rabbit radish raft
railing rainbow rake ramp raven reed reel ribbon ridge river robin rocket roof rope rose rudder rug saddle
saffron sail salmon sand sandal sapphire satchel saucer scarf scythe seal shawl shed shell shelf shore
shovel shutter sickle silk silver skate slate sled slipper smith snow soap sofa spade spark sparrow spindle
spire sponge spool spoon spruce stable stairs statue steam steeple stone stool stove straw stream sugar
summit sundial swallow swan table tablet tailor tankard tapestry teapot temple tent terrace thicket thimble
thistle thorn thread tiger tile timber tower trail tray trellis trout trumpet trunk tulip tunnel turbine
turnip turret umbrella valley vase velvet verandah vessel village vine violet violin wagon walnut warehouse
wardrobe water waterfall weasel well wharf wheat wheel whistle willow windmill window wool workshop wreath
yarrow zinc zither
""".split()
ADJECTIVES = """\
ample amber ancient ashen autumn azure barren bitter blank blunt bold brave brief bright brisk broad bronze
bumpy calm careful cheerful chilly civic clean clear clever coarse cold cosy crisp crooked curious curly
damp dappled dark deep delicate distant double dry dusky dusty eager early elegant empty even faded faint
fair faithful famous fertile fine firm flat foggy fond fragile fresh frosty gentle giant gilded glad gloomy
golden graceful grand grateful grave great green grey handsome handy happy hardy hasty heavy hidden high
hoarse hollow humble idle jolly keen kind large late lazy lean light lively lofty lonely long loud loyal
lucky mellow merry mild misty modest mossy muddy narrow neat nimble noble northern odd old olden orderly
pale patient peaceful plain pleasant polished poor proud pure quaint quick quiet rapid rare ready red
restless rich ripe rough round royal rugged rusty salty sandy scarlet secret serious shady shallow sharp
shiny short shy silent silky simple sleepy slender slim slow small smooth snowy sober soft solid sour
southern spare speckled stale steady steep sticky stiff still stout straight strange striped strong sturdy
sudden sunny sweet swift tall tame tender thick thin thirsty tidy tiny tired tough tranquil upper useful
vast warm weary western wet white wide wild windy winter wise wooden woolly worn yellow young
""".split()
PEOPLE = """\
Ada Alma Amos Anton Astrid Basil Beatrice Bruno Cecil Clara Conrad Cora Dahlia Desmond Dora Edith Elias Elsa
Emil Esther Felix Flora Gideon Greta Gustav Hanna Hector Hedwig Hugo Ida Ingrid Irene Isaac Ivan Jakob
Johanna Jonas Judith Julius Karla Kasper Klara Konrad Laszlo Leona Leopold Lydia Magnus Marta Matilda Milo
Mina Nadia Nestor Nora Olga Oscar Otto Paula Pavel Petra Philip Quentin Ramona Roland Rosa Rufus Sabine
Selma Silas Simon Sophia Tamara Theo Tilda Ursula Valentin Vera Viktor Walter Wanda Yusuf
""".split()
PLACES = """\
Aldermoor Amberley Ashcombe Barrowby Belstead Birchover Blackwell Bramford Brightsea Cawdale Claverton
Coldharbour Dovercourt Drayfield Eastmere Elmstone Fairholm Farnworth Fenwick Gildersby Glenmore Greystoke
Hartwell Hazelmere Highbury Hollowby Inverlee Kelmscot Kingsferry Larkhill Linford Longmarsh Lowick Marlwood
Merrow Millbrook Netherby Newhaven Northolt Oakhurst Oldcastle Orford Pebworth Penrose Quarrington
Ravenglass Redcliff Rushmere Saltburn Selworthy Silverdale Stanmere Thornbury Tidewell Upperton Wakerley
Wetherby Whitby Wickham Winslow Woodbridge Yarmouth
""".split()
TRADES = """\
baker carpenter clerk cook cooper engineer farmer ferryman gardener glazier joiner librarian mason miller
miner nurse painter pilot porter potter printer sailor schoolteacher shepherd smith surveyor tailor tanner
weaver
""".split()
VERBS = """\
admired borrowed brought built bought carried catalogued cleaned collected counted covered delivered
described exchanged examined fetched finished gathered guarded inherited inspected kept lent lifted loaded
measured mended moved noticed opened ordered packed painted photographed polished praised prepared promised
pulled raised received repaired returned sketched sold sorted stored studied tested tied traded unpacked
varnished visited washed watched weighed wrapped
""".split()
WHEN = (
    "At dawn",
    "By evening",
    "Early in the spring",
    "On market day",
    "After the harvest",
    "During the long winter",
    "A week later",
    "In the first year",
    "Towards noon",
    "On the last Sunday of the month",
    "Before the rain came",
    "That same night",
    "Much later",
    "As soon as the ice had melted",
    "While the others slept",
    "Once the ferry had left",
    "On the way home",
    "In the following autumn",
    "Some days before the fair",
    "Every other Thursday",
)
WHERE = (
    "behind the {noun}",
    "near the {adjective} {noun}",
    "in {place}",
    "on the road to {place}",
    "under the {noun}",
    "beside the old {noun}",
    "at the {trade}'s house",
    "above the {noun}",
    "not far from {place}",
    "in the {trade}'s yard",
    "between the {noun} and the {noun2}",
    "at the edge of the {noun}",
    "across the {noun}",
    "among the {adjective} {nouns}",
)
SERVICES = (
    "checkout billing catalogue search stock mailer sessions gateway reports auth media export queue".split()
)
