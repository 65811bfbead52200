"""The language of guest files: text in xm's Python or in xl's grammar becomes a `Reading`.

The way of a file: `text` (line ends, places) → `plain` (xl's grammar) or `python` (xm's) → `bindings` by key → `typed`
(checked against the table `keys`) → one file per noun (`disk`, `vif`, `vfb`, `boot`, `domain`) → `DomainConfig`.
Nothing here looks at the host or runs anything of the file.
"""
