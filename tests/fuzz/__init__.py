"""Coverage-guided fuzzing (atheris): a module for each thing that is fuzzed, with `one(data)`, which raises when what
must hold does not, and `WORDS`, out of which new inputs are made. The inputs in tests/data/fuzz run in every check.
"""
