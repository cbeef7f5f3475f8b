"""How mirrors of Project Gutenberg are treated, in numbers. Knows no net."""

MIRROR = "https://aleph.pglaf.org"
AGENT = "Engrave/0.1 (historic engravings; fetches the scans of one collection, once)"
ROBOT = "Engrave"  # as robots.txt would call it
FOR_PEOPLE = ("gutenberg.org", "www.gutenberg.org", "gutenberg.net", "www.gutenberg.net")
PAUSE_S = 2.0  # between two requests, what Project Gutenberg asks of robots
BACKOFF_S = 2.0  # after a first failure, then twice as long each time
TRIES = 4
PATIENCE_S = 900.0  # longest wait that a mirror may ask for
SILENCE_S = 30.0  # without a byte
WHOLE_S = 180.0  # for one file
IN_A_ROW = 5  # files that fail before the mirror counts as out of reach
GONE = (404, 410)
BUSY = (408, 425, 429, 500, 502, 503, 504)
ANSWERS = {401: "wants a password", 403: "refuses robots like this one", 451: "is not allowed to"}
