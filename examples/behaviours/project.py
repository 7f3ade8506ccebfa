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

# What stands in the slots: titles that sound like something else, on purpose.
FILMS = ["The Matrix", "Frozen", "A Quiet Place", "Some Like It Hot", "Star Wars", "The Godfather"]
SONGS = ["Here Comes the Sun", "Purple Rain", "Umbrella", "Dancing Queen", "Yesterday", "Bohemian Rhapsody"]
LISTS = ["gym", "road trip", "sunday morning", "dinner party"]
CITIES = ["Boston", "Paris", "Lima", "Nairobi", "Osaka", "Sydney"]


# Envelopes: how far may an input be changed until the answer changes?


@project.behaviour(intent, expect="same", target=0.90, reach=0.20)
def survives_typos(batch, level, rng):
    return aq.perturb.swap_letters(batch, level, rng)


@project.behaviour(intent, expect="same", target=0.95, reach=0.30)
def survives_hesitation(batch, level, rng):
    return aq.perturb.add_fillers(batch, level, rng)


@project.behaviour(intent, expect="same", target=0.95, reach=1.0)
def bears_politeness(batch, level, rng):
    polite = pc.binary_join_element_wise("hey, could you please", batch["text"], "thank you", " ")
    return pc.if_else(pc.less(rng.random(len(batch)), level), polite, batch["text"])


# Directions: what may a change do to a probability?


@project.behaviour(timed, expect=aq.rises("yes"), target=0.95)
def saying_when(batch, level, rng):
    return aq.perturb.append(batch, " tomorrow at noon")


# Templates: sentences whose answer is known.


@project.behaviour(intent)
def a_film_or_where_it_runs():
    yield from aq.cases("{find|search for|show me} the movie {film}", expect="SearchCreativeWork", film=FILMS)
    yield from aq.cases("{what time|where} is {film} playing", expect="SearchScreeningEvent", film=FILMS)
    yield from aq.cases("is {film} playing {near me|tonight}", expect="SearchScreeningEvent", film=FILMS)


@project.behaviour(intent)
def play_is_not_add():
    yield from aq.cases("play {song} from my {list} playlist", expect="PlayMusic", song=SONGS, list=LISTS)
    yield from aq.cases("play my {list} playlist", expect="PlayMusic", list=LISTS)
    yield from aq.cases("{add|put} {song} {to|on} my {list} playlist", expect="AddToPlaylist", song=SONGS, list=LISTS)


@project.behaviour(intent)
def asking_for_a_song():
    yield from aq.cases("{play|can you play|let me hear} {song}", expect="PlayMusic", song=SONGS)
    yield from aq.cases("can you play {song} by Queen", expect="PlayMusic", song=SONGS)


@project.behaviour(intent)
def weather_without_the_word():
    yield from aq.cases(
        "{do I need an umbrella|should I wear a coat|will it be nice for a walk} in {city} {today|on sunday}",
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
    yield from aq.cases("play {Manic Monday|Sunday Bloody Sunday|Friday I'm in Love}", expect="no")
    yield from aq.cases("add {Manic Monday|Sunday Bloody Sunday} to my {list} playlist", expect="no", list=LISTS)
    yield from aq.cases("will it rain in {city} {on friday|next week|at noon}", expect="yes", city=CITIES)


# Assertions: what must hold of every answer.


@project.assertion(severity="block", task=intent, most=0.002)
def playing_is_not_adding(inputs, outputs):
    play = pc.starts_with(pc.utf8_lower(inputs["text"]), "play ")
    return pc.and_(play, pc.equal(outputs["intent"], "AddToPlaylist"))


@project.assertion(task=intent, most=0.002)
def showtimes_are_no_search(inputs, outputs):
    times = pc.match_substring_regex(inputs["text"], r"(?i)\bmovie (times|schedules?)\b")
    return pc.and_(times, pc.not_equal(outputs["intent"], "SearchScreeningEvent"))


@project.assertion(task=timed, most=0.002)
def the_clock_is_a_time(inputs, outputs):
    clock = pc.match_substring_regex(inputs["text"], r"(?i)\b(pm|[ap]\.m)\b|\d ?am\b")
    return pc.and_(clock, pc.equal(outputs["timed"], "no"))


project.implication("a rating names no time", when={"intent": "RateBook"}, then={"timed": "no"}, most=0.002)

project.must_pass("golden.csv")
