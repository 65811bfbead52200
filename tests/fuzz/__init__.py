"""Coverage-guided fuzzing (atheris): a module for each thing that is fuzzed, with `one(data)`, which raises when what
must hold does not, and `WORDS`, out of which new inputs are made. The inputs in tests/data/fuzz run in every check.
"""

GUIDED_BY = {
    "guestfile": ("xenia.guestfile",),
    "http": ("xenia.gateway", "h11", "uvicorn.protocols"),
    "rdcleanpath": ("xenia.desktop",),
    "rfb": ("xenia.screen", "xenia.lib.rfb"),
    "websocket": ("xenia.gateway", "uvicorn.protocols.websockets", "websockets.frames", "websockets.protocol"),
}
"""The code whose coverage guides the fuzzer, by the name of what is fuzzed."""
