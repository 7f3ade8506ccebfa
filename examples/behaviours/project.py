"""A voice assistant: what it must do, whatever the labels say.

Data: SNIPS (Coucke et al., "Snips Voice Platform", 2018), seven intents; `timed` is whether the sentence says when.
"""

import pyarrow.compute as pc

import adequate as aq

project = aq.Project("assistant", text="text")

intent = project.classify(
    "intent",
    labels=[
        "AddToPlaylist",
        "BookRestaurant",
        "GetWeather",
        "PlayMusic",
        "RateBook",
        "SearchCreativeWork",
        "SearchScreeningEvent",
    ],
    target=aq.Target(accuracy=0.90, recall=0.80),
)
timed = project.classify("timed", labels=["no", "yes"], target=aq.Target(accuracy=0.90))

# What people say. Names mislead on purpose: weather in a song, a table in a book, a day in a title.
FILMS = ["Jurassic Park", "The Matrix", "Frozen", "A Quiet Place", "Some Like It Hot"]
BOOKS = ["A Table for Two", "The Winter of the World", "Music for Chameleons", "Wuthering Heights"]
SONGS = ["Here Comes the Sun", "Purple Rain", "Umbrella", "Dancing Queen", "Hotel California"]
CITIES = ["Boston", "Paris", "Lima", "Nairobi", "Osaka", "Sydney"]
LISTS = ["gym", "road trip", "sunday morning", "dinner party"]


# Envelopes: how far may an input be changed until the answer changes?


@project.behaviour(intent, expect="same", target=0.90, reach=0.20)
def survives_typos(batch, level, rng):
    return aq.perturb.swap_letters(batch, level, rng)


@project.behaviour(intent, expect="same", target=0.95, reach=0.30)
def survives_hesitation(batch, level, rng):
    return aq.perturb.add_fillers(batch, level, rng)


@project.behaviour(intent, expect="same", target=0.95, reach=1.0)
def bears_politeness(batch, level, rng):
    polite = pc.binary_join_element_wise("hey, would you be so kind and", batch["text"], "thank you", " ")
    return pc.if_else(pc.less(rng.random(len(batch)), level), polite, batch["text"])


# Directions: what may a change do to a probability?


@project.behaviour(timed, expect=aq.rises("yes"), target=0.95)
def saying_when(batch, level, rng):
    return aq.perturb.append(batch, " tomorrow at noon")


# Templates: sentences whose answer is known.


@project.behaviour(intent)
def a_film_or_where_it_runs():
    yield from aq.cases("{find|show me|look up} the {movie|film} {film}", expect="SearchCreativeWork", film=FILMS)
    yield from aq.cases(
        "{when is|where can I see|is} {film} playing {at the cinema|near me|tonight}",
        expect="SearchScreeningEvent",
        film=FILMS,
    )


@project.behaviour(intent)
def add_is_not_play():
    yield from aq.cases("{add|put} {song} {to|on} my {list} playlist", expect="AddToPlaylist", song=SONGS, list=LISTS)
    yield from aq.cases("play {song} from my {list} playlist", expect="PlayMusic", song=SONGS, list=LISTS)


@project.behaviour(intent)
def names_mislead():
    yield from aq.cases("{play|I want to hear|please play the song} {song}", expect="PlayMusic", song=SONGS)
    yield from aq.cases("{give|rate} {book} {two|5} stars", expect="RateBook", book=BOOKS)
    yield from aq.cases("{find|search for} {the book|the novel} {book}", expect="SearchCreativeWork", book=BOOKS)


@project.behaviour(intent)
def weather_without_the_word():
    yield from aq.cases(
        "{do I need an umbrella|should I wear a coat|will I get wet} in {city} {today|tomorrow|tonight}",
        expect="GetWeather",
        city=CITIES,
    )


@project.behaviour(intent)
def a_table_without_booking():
    yield from aq.cases(
        "{we are hungry, find us a table|I want to eat out|get us a table} in {city} {tonight|at eight|with my mother}",
        expect="BookRestaurant",
        city=CITIES,
    )


@project.behaviour(timed)
def a_day_in_a_title_is_no_time():
    yield from aq.cases(
        "{play|add} {song} {by the Bangles|to my playlist}", expect="no", song=["Manic Monday", "Sunday"]
    )
    yield from aq.cases("{book a table|will it rain} in {city} {on friday|next week}", expect="yes", city=CITIES)


# Assertions: what must hold of every answer.


@project.assertion(severity="block", task=intent, most=0.01)
def playlists_are_music(inputs, outputs):
    music = pc.or_(pc.equal(outputs["intent"], "AddToPlaylist"), pc.equal(outputs["intent"], "PlayMusic"))
    return pc.and_(pc.match_substring(inputs["text"], "playlist", ignore_case=True), pc.invert(music))


def stars(inputs, outputs):
    return pc.if_else(out_of_six(inputs, outputs), "RateBook", None)


@project.assertion(task=intent, most=0.01)
def out_of_six(inputs, outputs):
    six = pc.match_substring_regex(inputs["text"], r"(?i)\bout of (6|six)\b")
    return pc.and_(six, pc.not_equal(outputs["intent"], "RateBook"))


project.implication("a rating names no time", when={"intent": "RateBook"}, then={"timed": "no"}, most=0.01)
project.contradiction(intent, most=0.05)

project.must_pass("golden.csv")
