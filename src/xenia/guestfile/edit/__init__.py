"""Changing the text of a guest file in place.

The way of an edit: `raw` (bytes as they stand ↔ the text that is read) → `layout` (where each key is given its value;
`plain_layout` and `python_layout` find it) → `edit` tries the ways there are, from the nearest to the farthest:

    the value is a literal at the top of the file        only the value's own letters change
    it is computed, or the file uses it elsewhere        an override is put at the end of the file, with a comment

Each way is tried on the text and read again. One that gives exactly the wanted change is taken; where none does, the
edit is refused. So no edit can mean more than was asked for, whatever the file computes.
"""
