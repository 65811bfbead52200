"""How far the reading of guest files agrees with those who read them before: Python, xl, libvirt and xm.

A folder of guest files beside what the others got out of them (`folder`) gives facts, a module a reader (`values`,
`items`, `libvirt`, `create`). A fact is agreed, explained by a rule (`rules`), or wrong; the table counts (`table`).
`python -m tests.agreement FOLDER` prints it; scripts/corpus-agreement does that in the project's environment.
"""
